"""Integration: whom the engine knows, it enters in the repertory, so that it is asked about her."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Final
from uuid import uuid4

from crossroads.repertory.v1 import repertory_pb2, repertory_pb2_grpc
from crossroads.types.v1 import types_pb2
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from mesh import institutions, outbox, refusals
from mesh.channels import Channels
from mesh.outbox import Item
from services.rights.wire import ENGINE

QUALITY: Final = 0
SINCE: Final = "1990-01-15"
"""The law that founded the bank; whatever a right rests on is later."""
MOST: Final = 1000
"""Lines in one call to the repertory."""
TIMEOUT_S: Final = 5.0


async def integrate(connection: AsyncConnection, ssins: Collection[str], at: datetime) -> None:
    """Queue the entry of those persons who were not entered before."""
    if not ssins:
        return
    found = await connection.execute(
        text(
            "INSERT INTO integrated (ssin, recorded_at) "
            "SELECT given.*, CAST(:at AS timestamptz) "
            "FROM unnest(CAST(:ssins AS text[])) AS given "
            "ON CONFLICT DO NOTHING RETURNING ssin"
        ),
        {"at": at, "ssins": sorted(ssins)},
    )
    fresh = [row.ssin for row in found]
    for start in range(0, len(fresh), MOST):
        item = uuid4()
        request = repertory_pb2.RegisterRequest(
            request_id=item.hex, inscriptions=map(_inscription, fresh[start : start + MOST])
        )
        await outbox.put(connection, "register", request.SerializeToString(), item)


class Repertory:
    """Where it is known who is known where."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    async def register(self, items: list[Item]) -> None:
        """Serialised RegisterRequests, in order; raises the first refusal."""
        stub = repertory_pb2_grpc.RepertoryStub(self._channels.peer("repertory"))
        requests = [repertory_pb2.RegisterRequest.FromString(item.payload) for item in items]
        for batch in batches(requests):
            answer = await stub.BatchRegister(
                repertory_pb2.BatchRegisterRequest(requests=batch), timeout=TIMEOUT_S
            )
            for outcome in answer.outcomes:
                if outcome.HasField("refusal"):
                    raise refusals.of_status(outcome.refusal)


def batches(
    requests: Iterable[repertory_pb2.RegisterRequest],
) -> Iterator[list[repertory_pb2.RegisterRequest]]:
    """In order, never more lines together than the repertory takes."""
    batch: list[repertory_pb2.RegisterRequest] = []
    lines = 0
    for request in requests:
        lines += len(request.inscriptions)
        if batch and lines > MOST:
            yield batch
            batch, lines = [], len(request.inscriptions)
        batch.append(request)
    if batch:
        yield batch


def _inscription(ssin: str) -> repertory_pb2.Inscription:
    return repertory_pb2.Inscription(
        ssin=ssin,
        institution=institutions.to_wire(ENGINE),
        quality=QUALITY,
        period=types_pb2.Period(begin=SINCE),
    )
