"""Why one question of many got no answer, where the others go on."""

from __future__ import annotations

import grpc
from crossroads.router.v1 import exchange_pb2

from mesh.door import refusal_of

PASSING = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
    }
)


def failure(error: Exception) -> exchange_pb2.Failure:
    """What the door would tell of the same error, without its text."""
    refusal = refusal_of(error)
    return exchange_pb2.Failure(reason=refusal.reason, passing=refusal.code in PASSING)
