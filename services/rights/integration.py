"""Integration: whom the engine knows, it enters in the repertory, so that it is asked about her."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import uuid4

from crossroads.repertory.v1 import repertory_pb2, repertory_pb2_grpc
from crossroads.types.v1 import types_pb2
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from mesh import institutions, outbox
from mesh.channels import Channels
from mesh.outbox import Item
from services.rights.wire import ENGINE

QUALITY: Final = 0
SINCE: Final = "1990-01-15"
"""The law that founded the bank; whatever a right rests on is later."""
MOST: Final = 1000
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
        """Serialised RegisterRequests, in order."""
        stub = repertory_pb2_grpc.RepertoryStub(self._channels.peer("repertory"))
        for item in items:
            request = repertory_pb2.RegisterRequest.FromString(item.payload)
            await stub.Register(request, timeout=TIMEOUT_S)


def _inscription(ssin: str) -> repertory_pb2.Inscription:
    return repertory_pb2.Inscription(
        ssin=ssin,
        institution=institutions.to_wire(ENGINE),
        quality=QUALITY,
        period=types_pb2.Period(begin=SINCE),
    )
