"""Mutations announced many at a time: cut into batches, and what came of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from crossroads.router.v1 import exchange_pb2

from mesh import refusals
from mesh.refusals import Refusal

MOST = 256
"""That the router takes in one call."""


class Announcement(NamedTuple):
    """A mutation to publish, and the span that it belongs to."""

    request: exchange_pb2.PublishRequest
    traceparent: str = ""


def batches(announcements: Sequence[Announcement]) -> Iterator[exchange_pb2.BatchPublishRequest]:
    """What to call BatchPublish with, one after another, so that the order is kept."""
    for begin in range(0, len(announcements), MOST):
        yield exchange_pb2.BatchPublishRequest(
            announcements=[
                exchange_pb2.Announcement(request=one.request, traceparent=one.traceparent)
                for one in announcements[begin : begin + MOST]
            ]
        )


def outcomes(
    response: exchange_pb2.BatchPublishResponse,
) -> Iterable[exchange_pb2.PublishResponse | Refusal]:
    """The receipt of each, or why it has none."""
    for outcome in response.outcomes:
        if outcome.HasField("refusal"):
            yield refusals.of_status(outcome.refusal)
        else:
            yield outcome.receipt
