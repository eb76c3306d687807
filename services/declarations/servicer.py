"""The intake as served: whose declaration is it, take it in, tell how far it is."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Sequence

import grpc
from crossroads.declarations.v1 import declarations_pb2, declarations_pb2_grpc
from crossroads.forms.v1 import dimona_pb2
from sqlalchemy.ext.asyncio import AsyncEngine

from mesh import call, clock, deadlines, periods, telemetry, tickets
from mesh.coalescing import Coalescer
from mesh.refusals import Refusal
from services.declarations import asked
from services.declarations.courtesy import Courtesy
from services.declarations.dimona.domain import DimonaPeriod
from services.declarations.dimona.store import Store as Periods
from services.declarations.domain import Channel, Declaration, State
from services.declarations.handled import Handled, rings
from services.declarations.intake import Intake, Stored
from services.declarations.mandates import declarants
from services.declarations.mandates.declarants import Declarants
from services.declarations.store import Store

LARGEST_FORM = 96 * 1024
"""Bytes of a form with the anomalies that came with it; a real one has about one thousand."""
PAGE = 100
LAST = 2**63 - 1
_ERROR_ID = re.compile(r"[0-9]{5}-[0-9]{3}")


class Servicer(declarations_pb2_grpc.DeclarationsServicer):
    def __init__(
        self, engine: AsyncEngine, handled: Handled, courtesy: Courtesy | None = None
    ) -> None:
        self._courtesy = courtesy or Courtesy()
        self._engine = engine
        self._alone = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._handled = handled
        self._declarants = Declarants(engine)
        self._receive = Coalescer(self._store, name="declarations", in_flight=2)

    async def SubmitDimona(
        self, request: declarations_pb2.SubmitDimonaRequest, _: object
    ) -> declarations_pb2.SubmitDimonaResponse:
        _check(request)
        with self._courtesy.receiving():
            employer = await self._declarants.employer(request.employer, request.form)
            sent = _sent(request, employer)
            stored = await self._receive(sent)
        if stored.digest != sent.digest:
            raise Refusal(grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")
        telemetry.note(crossroads__ticket=stored.ticket, crossroads__channel=sent.channel.value)
        return declarations_pb2.SubmitDimonaResponse(
            ticket=stored.ticket, received_at=clock.rfc3339(stored.received_at)
        )

    async def GetDeclaration(
        self, request: declarations_pb2.GetDeclarationRequest, _: object
    ) -> declarations_pb2.GetDeclarationResponse:
        telemetry.note(crossroads__ticket=request.ticket)
        until = time.monotonic() + deadlines.within(request.wait_ms / 1000)
        while True:
            bell = self._handled.bell
            async with self._engine.connect() as connection:
                found = await Store(connection).declaration(declarants.caller(), request.ticket)
            if found is None:
                raise Refusal(grpc.StatusCode.NOT_FOUND, "DECLARATION_NOT_FOUND")
            left = until - time.monotonic()
            if found.state is not State.RECEIVED or left <= 0:
                return declarations_pb2.GetDeclarationResponse(declaration=_declaration(found))
            await rings(bell, left)

    async def ListDeclarations(
        self, request: declarations_pb2.ListDeclarationsRequest, _: object
    ) -> declarations_pb2.ListDeclarationsResponse:
        employer, most = await self._declarants.check(request.employer), request.page_size or PAGE
        before = asked.sequence_token(request.page_token, LAST)
        async with self._engine.connect() as connection:
            found = await Store(connection).declarations(employer, before, most + 1)
        return declarations_pb2.ListDeclarationsResponse(
            declarations=[_declaration(declaration) for declaration in found[:most]],
            next_page_token=str(found[most - 1].sequence) if len(found) > most else "",
        )

    async def ListWorkers(
        self, request: declarations_pb2.ListWorkersRequest, _: object
    ) -> declarations_pb2.ListWorkersResponse:
        employer, most = await self._declarants.check(request.employer), request.page_size or PAGE
        on, after = asked.day("on", request.on), asked.period_token(request.page_token)
        async with self._engine.connect() as connection:
            found = await Periods(connection).of_employer(employer, on, after, most + 1)
        return declarations_pb2.ListWorkersResponse(
            workers=[_worker(period) for period in found[:most]],
            next_page_token=found[most - 1].id if len(found) > most else "",
        )

    async def _store(self, sent: list[Declaration]) -> Sequence[Stored]:
        async with self._alone.connect() as connection:
            return await Intake(connection).receive(sent)


_CHANNELS = {
    declarations_pb2.CHANNEL_UNSPECIFIED: Channel.GRPC,
    declarations_pb2.CHANNEL_GRPC: Channel.GRPC,
    declarations_pb2.CHANNEL_XML: Channel.XML,
    declarations_pb2.CHANNEL_PORTAL: Channel.PORTAL,
    declarations_pb2.CHANNEL_FILE: Channel.FILE,
}
_CHANNELS_TO_WIRE = {channel: wire for wire, channel in _CHANNELS.items() if wire}
_STATES = {
    State.RECEIVED: declarations_pb2.DECLARATION_STATE_RECEIVED,
    State.ACCEPTED: declarations_pb2.DECLARATION_STATE_ACCEPTED,
    State.REFUSED: declarations_pb2.DECLARATION_STATE_REFUSED,
    State.WAITING: declarations_pb2.DECLARATION_STATE_WAITING,
    State.SET_ASIDE: declarations_pb2.DECLARATION_STATE_SET_ASIDE,
}


def _sent(request: declarations_pb2.SubmitDimonaRequest, employer: str) -> Declaration:
    form = request.form.SerializeToString(deterministic=True)
    anomalies = tuple(a.SerializeToString(deterministic=True) for a in request.anomalies)
    if len(form) + sum(map(len, anomalies)) > LARGEST_FORM:
        raise Refusal(
            grpc.StatusCode.INVALID_ARGUMENT,
            "FORM_TOO_LARGE",
            metadata={"most": str(LARGEST_FORM)},
        )
    return Declaration(
        employer=employer,
        ticket=tickets.new(),
        request_id=request.request_id,
        digest=hashlib.sha256(
            b"".join(hashlib.sha256(p).digest() for p in (form, *anomalies))
        ).digest(),
        channel=_CHANNELS[request.channel],
        received_at=clock.now(),
        form=form,
        anomalies=anomalies,
        caller=call.caller().identity.path,
        chain=declarants.chain(employer),
        traceparent=telemetry.traceparent(),
        declarant=declarants.caller(),
        place=request.place,
    )


def _declaration(declaration: Declaration) -> declarations_pb2.Declaration:
    wire = declarations_pb2.Declaration(
        ticket=declaration.ticket,
        state=_STATES[declaration.state],
        channel=_CHANNELS_TO_WIRE[declaration.channel],
        received_at=clock.rfc3339(declaration.received_at),
        form=dimona_pb2.DimonaForm.FromString(declaration.form),
        dimona_period_id=declaration.dimona_period_id,
        employer=declaration.employer,
        declarant=declaration.declarant,
    )
    if declaration.notification:
        wire.notification.MergeFromString(declaration.notification)
        wire.has_anomalies = bool(wire.notification.handling_result.anomaly_reports)
    return wire


def _worker(period: DimonaPeriod) -> declarations_pb2.Worker:
    return declarations_pb2.Worker(
        ssin=period.ssin,
        dimona_period_id=period.id,
        period=periods.to_wire(period.days),
        worker_type=period.worker_type,
        joint_commission=period.joint_commission,
    )


def _check(request: declarations_pb2.SubmitDimonaRequest) -> None:
    """What the contract's constraints cannot say of a submission."""
    if not request.request_id.isprintable():
        raise asked.malformed("request_id", "holds characters that cannot be printed")
    for number, report in enumerate(request.anomalies):
        if not _ERROR_ID.fullmatch(report.error_id):
            raise asked.malformed(f"anomalies[{number}].error_id", "is no zone and kind")
