"""What is set aside, as the operator sees it and has it handled again."""

from __future__ import annotations

import grpc
from crossroads.declarations.v1 import set_aside_pb2, set_aside_pb2_grpc
from sqlalchemy.ext.asyncio import AsyncEngine

from mesh import clock, telemetry, tickets
from mesh.refusals import Refusal
from services.declarations import acts
from services.declarations.risks import effects as risks
from services.declarations.set_aside.domain import Aside, Line
from services.declarations.set_aside.store import Store

PAGE = 100
GROUNDS = {Line.DIMONA: acts.IMMEDIATE, Line.DMFA: acts.QUARTERLY, Line.RISKS: risks.GROUND}


class Servicer(set_aside_pb2_grpc.SetAsideServicer):
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def ListSetAside(
        self, request: set_aside_pb2.ListSetAsideRequest, _: object
    ) -> set_aside_pb2.ListSetAsideResponse:
        most = request.page_size or PAGE
        async with self._engine.connect() as connection:
            found = await Store(connection).all(request.page_token, most + 1)
        return set_aside_pb2.ListSetAsideResponse(
            declarations=[_wire(aside) for aside in found[:most]],
            next_page_token=found[most - 1].ticket if len(found) > most else "",
        )

    async def RetrySetAside(
        self, request: set_aside_pb2.RetrySetAsideRequest, _: object
    ) -> set_aside_pb2.RetrySetAsideResponse:
        telemetry.note(crossroads__ticket=request.ticket)
        async with self._engine.begin() as connection:
            retried = await Store(connection).retry(request.ticket)
            if request.ticket and not retried:
                raise Refusal(grpc.StatusCode.NOT_FOUND, "NOTHING_SET_ASIDE")
            for line, ticket in retried:
                entry_id = f"{ticket}/retry/{tickets.new()}"
                await acts.keep(connection, entry_id, request, ground=GROUNDS[line])
        return set_aside_pb2.RetrySetAsideResponse(retried=len(retried))


_LINES = {
    Line.DIMONA: set_aside_pb2.LINE_DIMONA,
    Line.DMFA: set_aside_pb2.LINE_DMFA,
    Line.RISKS: set_aside_pb2.LINE_RISKS,
}


def _wire(aside: Aside) -> set_aside_pb2.DeclarationSetAside:
    return set_aside_pb2.DeclarationSetAside(
        ticket=aside.ticket,
        line=_LINES[aside.line],
        declarer=aside.whose,
        received_at=clock.rfc3339(aside.received_at),
        set_aside_at=clock.rfc3339(aside.set_aside_at),
        failure=aside.failure,
    )
