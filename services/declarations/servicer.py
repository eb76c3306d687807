"""The intake as served: whose declaration is it, take it in, tell how far it is."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import Sequence
from datetime import date

import grpc
from crossroads.declarations.v1 import declarations_pb2, declarations_pb2_grpc
from crossroads.forms.v1 import dimona_pb2, notification_pb2
from sqlalchemy.ext.asyncio import AsyncEngine

from mesh import call, clock, deadlines, identification, periods, telemetry, tickets
from mesh.coalescing import Coalescer
from mesh.refusals import Refusal
from services.declarations import employers
from services.declarations.dimona import form as forms
from services.declarations.dimona.domain import DimonaPeriod, day
from services.declarations.dimona.store import Store as Periods
from services.declarations.domain import Channel, Declaration, State
from services.declarations.handled import Handled
from services.declarations.store import Store

LARGEST_FORM = 96 * 1024
"""Bytes of a form with the anomalies that came with it; a real one has about one thousand."""
PAGE = 100
LAST = 2**63 - 1
_ERROR_ID = re.compile(r"[0-9]{5}-[0-9]{3}")


class Servicer(declarations_pb2_grpc.DeclarationsServicer):
    def __init__(self, engine: AsyncEngine, handled: Handled) -> None:
        self._engine = engine
        self._handled = handled
        self._receive = Coalescer(self._store, name="declarations", in_flight=2)

    async def SubmitDimona(
        self, request: declarations_pb2.SubmitDimonaRequest, _: object
    ) -> declarations_pb2.SubmitDimonaResponse:
        _check(request)
        await self._check_declarant(request.form)
        sent = _sent(request)
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
                found = await Store(connection).declaration(_employer(), request.ticket)
            if found is None:
                raise Refusal(grpc.StatusCode.NOT_FOUND, "DECLARATION_NOT_FOUND")
            left = until - time.monotonic()
            if found.state is not State.RECEIVED or left <= 0:
                return declarations_pb2.GetDeclarationResponse(declaration=_declaration(found))
            await _rings(bell, left)

    async def ListDeclarations(
        self, request: declarations_pb2.ListDeclarationsRequest, _: object
    ) -> declarations_pb2.ListDeclarationsResponse:
        most, before = request.page_size or PAGE, _sequence(request.page_token)
        async with self._engine.connect() as connection:
            found = await Store(connection).declarations(_employer(), before, most + 1)
        return declarations_pb2.ListDeclarationsResponse(
            declarations=[_declaration(declaration) for declaration in found[:most]],
            next_page_token=str(found[most - 1].sequence) if len(found) > most else "",
        )

    async def ListWorkers(
        self, request: declarations_pb2.ListWorkersRequest, _: object
    ) -> declarations_pb2.ListWorkersResponse:
        most, on = request.page_size or PAGE, _on(request.on)
        if request.page_token and not identification.dimona_period_is_valid(request.page_token):
            raise _malformed("page_token", "give back the token of the page before")
        async with self._engine.connect() as connection:
            found = await Periods(connection).of_employer(
                _employer(), on, request.page_token, most + 1
            )
        return declarations_pb2.ListWorkersResponse(
            workers=[_worker(period) for period in found[:most]],
            next_page_token=found[most - 1].id if len(found) > most else "",
        )

    async def _check_declarant(self, form: dimona_pb2.DimonaForm) -> None:
        """Only the employer that the form names may send it."""
        named = forms.employer(form)
        number = named.noss_registration_nbr or named.provisional_nsso_nbr
        bearer = None
        if identification.nsso_number_is_valid(employers.nsso_number(number)):
            async with self._engine.connect() as connection:
                bearer = await Store(connection).bearer(employers.nsso_number(number))
        if not employers.is_declarant(_employer(), named.company_id, number, bearer):
            raise Refusal(
                grpc.StatusCode.PERMISSION_DENIED,
                "NOT_THE_EMPLOYER",
                metadata={"error_id": "90256-155"},
            )

    async def _store(self, sent: list[Declaration]) -> Sequence[Declaration]:
        async with self._engine.begin() as connection:
            return await Store(connection).receive(sent)


async def _rings(bell: asyncio.Event, within_s: float) -> None:
    try:
        async with asyncio.timeout(within_s):
            await bell.wait()
    except TimeoutError:
        return


def _employer() -> str:
    return employers.enterprise_number(call.caller().principal.name)


_CHANNELS = {
    declarations_pb2.CHANNEL_UNSPECIFIED: Channel.GRPC,
    declarations_pb2.CHANNEL_GRPC: Channel.GRPC,
    declarations_pb2.CHANNEL_XML: Channel.XML,
    declarations_pb2.CHANNEL_PORTAL: Channel.PORTAL,
    declarations_pb2.CHANNEL_FILE: Channel.FILE,
}
_CHANNELS_TO_WIRE = {
    Channel.GRPC: declarations_pb2.CHANNEL_GRPC,
    Channel.XML: declarations_pb2.CHANNEL_XML,
    Channel.PORTAL: declarations_pb2.CHANNEL_PORTAL,
    Channel.FILE: declarations_pb2.CHANNEL_FILE,
}
_STATES = {
    State.RECEIVED: declarations_pb2.DECLARATION_STATE_RECEIVED,
    State.ACCEPTED: declarations_pb2.DECLARATION_STATE_ACCEPTED,
    State.REFUSED: declarations_pb2.DECLARATION_STATE_REFUSED,
}


def _sent(request: declarations_pb2.SubmitDimonaRequest) -> Declaration:
    form = request.form.SerializeToString(deterministic=True)
    anomalies = tuple(a.SerializeToString(deterministic=True) for a in request.anomalies)
    if len(form) + sum(map(len, anomalies)) > LARGEST_FORM:
        raise Refusal(
            grpc.StatusCode.INVALID_ARGUMENT,
            "FORM_TOO_LARGE",
            metadata={"most": str(LARGEST_FORM)},
        )
    caller = call.caller()
    return Declaration(
        employer=_employer(),
        ticket=tickets.new(),
        request_id=request.request_id,
        digest=hashlib.sha256(
            b"".join(hashlib.sha256(p).digest() for p in (form, *anomalies))
        ).digest(),
        channel=_CHANNELS[request.channel],
        received_at=clock.now(),
        form=form,
        anomalies=anomalies,
        caller=caller.identity.path,
        chain=caller.chain,
        traceparent=telemetry.traceparent(),
    )


def _declaration(declaration: Declaration) -> declarations_pb2.Declaration:
    wire = declarations_pb2.Declaration(
        ticket=declaration.ticket,
        state=_STATES[declaration.state],
        channel=_CHANNELS_TO_WIRE[declaration.channel],
        received_at=clock.rfc3339(declaration.received_at),
        form=dimona_pb2.DimonaForm.FromString(declaration.form),
        dimona_period_id=declaration.dimona_period_id,
    )
    if declaration.notification:
        wire.notification.CopyFrom(
            notification_pb2.NotificationForm.FromString(declaration.notification)
        )
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
        raise _malformed("request_id", "holds characters that cannot be printed")
    for number, report in enumerate(request.anomalies):
        if not _ERROR_ID.fullmatch(report.error_id):
            raise _malformed(f"anomalies[{number}].error_id", "is no zone and kind")


def _on(text: str) -> date | None:
    found = day(text)
    if text and found is None:
        raise _malformed("on", "is no day of the calendar")
    return found


def _sequence(token: str) -> int:
    if not token:
        return LAST
    if not (token.isascii() and token.isdecimal() and len(token) < 19):
        raise _malformed("page_token", "give back the token of the page before")
    return int(token)


def _malformed(field: str, description: str) -> Refusal:
    return Refusal(
        grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED_REQUEST", violations=[(field, description)]
    )
