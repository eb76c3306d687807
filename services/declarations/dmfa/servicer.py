"""The intake of quarterly declarations as served: take in, tell how far, read as known."""

from __future__ import annotations

import hashlib
import time
from collections.abc import AsyncIterator

import grpc
from crossroads.declarations.v1 import declarations_pb2, dmfa_pb2, dmfa_pb2_grpc
from sqlalchemy.ext.asyncio import AsyncEngine

from mesh import call, clock, deadlines, telemetry, tickets
from mesh.refusals import Refusal
from services.declarations import asked
from services.declarations.dmfa import notice, wire
from services.declarations.dmfa.arrival import Arrival, check, malformed, too_large
from services.declarations.dmfa.intake import Intake
from services.declarations.dmfa.records import Kind, Recorded, Submission
from services.declarations.dmfa.store import Store
from services.declarations.domain import Employer, State
from services.declarations.handled import Handled, rings
from services.declarations.mandates import declarants
from services.declarations.mandates.declarants import Declarants
from services.declarations.store import Store as Declarations

NO_MANDATE = "00011-155"
LARGEST_UPDATE = 8 << 20
"""Bytes of a correction."""
PAGE = 100
LAST = 2**63 - 1


class Servicer(dmfa_pb2_grpc.DmfaServicer):
    def __init__(self, engine: AsyncEngine, handled: Handled) -> None:
        self._engine = engine
        self._handled = handled
        self._declarants = Declarants(engine)

    async def SubmitDmfa(
        self, requests: AsyncIterator[dmfa_pb2.SubmitDmfaRequest], _: object
    ) -> dmfa_pb2.SubmitDmfaResponse:
        arrival = Arrival(self._engine, declarants.caller())
        await arrival.read(requests)
        form = arrival.closing.form
        whole = form.employer_declaration
        try:
            _check_id(arrival.closing.request_id)
            employer = await self._employer(whole.company_id, whole.noss_registration_nbr)
            stored = await self._receive(
                _submission(
                    employer,
                    Kind.ORIGINAL,
                    arrival.ticket,
                    arrival.closing.request_id,
                    arrival.digest,
                    quarter=whole.quarter[:5],
                    workers=arrival.workers,
                    channel=arrival.closing.channel,
                    form=form.SerializeToString(deterministic=True),
                    anomalies=[a.SerializeToString() for a in arrival.closing.anomalies],
                )
            )
        except Refusal:
            await arrival.drop()
            raise
        return dmfa_pb2.SubmitDmfaResponse(
            ticket=stored.ticket, received_at=clock.rfc3339(stored.received_at)
        )

    async def SubmitDmfaUpdate(
        self, request: dmfa_pb2.SubmitDmfaUpdateRequest, _: object
    ) -> dmfa_pb2.SubmitDmfaUpdateResponse:
        _check_id(request.request_id)
        check(request.anomalies)
        whole = request.form.employer_declaration_update
        employer = await self._employer(whole.company_id, whole.noss_registration_nbr)
        form = request.form.SerializeToString(deterministic=True)
        anomalies = [a.SerializeToString(deterministic=True) for a in request.anomalies]
        if len(form) + sum(map(len, anomalies)) > LARGEST_UPDATE:
            raise too_large(LARGEST_UPDATE)
        stored = await self._receive(
            _submission(
                employer,
                Kind.CORRECTION,
                tickets.new(),
                request.request_id,
                hashlib.sha256(
                    b"".join(hashlib.sha256(p).digest() for p in (form, *anomalies))
                ).digest(),
                quarter=whole.quarter[:5],
                workers=len(whole.natural_person_updates),
                channel=request.channel,
                form=form,
                anomalies=anomalies,
            )
        )
        return dmfa_pb2.SubmitDmfaUpdateResponse(
            ticket=stored.ticket, received_at=clock.rfc3339(stored.received_at)
        )

    async def GetDmfa(
        self, request: dmfa_pb2.GetDmfaRequest, _: object
    ) -> dmfa_pb2.GetDmfaResponse:
        telemetry.note(crossroads__ticket=request.ticket)
        until = time.monotonic() + deadlines.within(request.wait_ms / 1000)
        while True:
            bell = self._handled.bell
            found = await self._found(request.ticket)
            left = until - time.monotonic()
            if found.state is not State.RECEIVED or left <= 0:
                return dmfa_pb2.GetDmfaResponse(declaration=wire.declaration(found))
            await rings(bell, left)

    async def ListDmfa(
        self, request: dmfa_pb2.ListDmfaRequest, _: object
    ) -> dmfa_pb2.ListDmfaResponse:
        employer, most = await self._declarants.check(request.employer), request.page_size or PAGE
        before = asked.sequence_token(request.page_token, LAST)
        async with self._engine.connect() as connection:
            found = await Intake(connection).declarations(
                employer, request.quarter, before, most + 1
            )
        return dmfa_pb2.ListDmfaResponse(
            declarations=[wire.declaration(one, with_form=False) for one in found[:most]],
            next_page_token=str(found[most - 1].sequence) if len(found) > most else "",
        )

    async def ListDmfaIdentifiers(
        self, request: dmfa_pb2.ListDmfaIdentifiersRequest, _: object
    ) -> dmfa_pb2.ListDmfaIdentifiersResponse:
        found, employer, changes, token = await self._changed(request)
        return dmfa_pb2.ListDmfaIdentifiersResponse(
            form=wire.pid_form(found, employer, [after for _, after in changes], clock.now()),
            next_page_token=token,
        )

    async def ListDmfaChanges(
        self, request: dmfa_pb2.ListDmfaChangesRequest, _: object
    ) -> dmfa_pb2.ListDmfaChangesResponse:
        found, employer, changes, token = await self._changed(request)
        return dmfa_pb2.ListDmfaChangesResponse(
            changes=[wire.change(before, after) for before, after in changes],
            notice=notice.write(found, employer, changes, clock.now()),
            next_page_token=token,
        )

    async def GetQuarter(
        self, request: dmfa_pb2.GetQuarterRequest, _: object
    ) -> dmfa_pb2.GetQuarterResponse:
        most, after = _page(request.page_size, request.page_token)
        known_at = asked.moment("known_at", request.known_at)
        employer = await self._declarants.check(request.employer)
        async with self._engine.connect() as connection:
            found = await Store(connection).of_quarter(
                employer, request.quarter, known_at, after, most + 1
            )
        return dmfa_pb2.GetQuarterResponse(
            workers=[wire.worker(one) for one in found[:most]],
            next_page_token=found[most - 1].ssin if len(found) > most else "",
        )

    async def _changed(
        self,
        request: dmfa_pb2.ListDmfaIdentifiersRequest | dmfa_pb2.ListDmfaChangesRequest,
    ) -> tuple[Submission, Employer, list[tuple[Recorded | None, Recorded]], str]:
        """A page of what an accepted declaration changed, with whom it is of."""
        telemetry.note(crossroads__ticket=request.ticket)
        most, after = _page(request.page_size, request.page_token)
        found = await self._found(request.ticket)
        if found.state is not State.ACCEPTED:
            raise Refusal(grpc.StatusCode.NOT_FOUND, "DECLARATION_NOT_FOUND")
        async with self._engine.connect() as connection:
            changes = await Store(connection).changed_by(
                found.employer, found.quarter, found.ticket, after, most + 1
            )
            known = await Declarations(connection).employers([found.employer])
        employer = known.get(found.employer, Employer(found.employer))
        token = changes[most - 1][1].ssin if len(changes) > most else ""
        return found, employer, changes[:most], token

    async def _found(self, ticket: str) -> Submission:
        async with self._engine.connect() as connection:
            found = await Intake(connection).submission(declarants.caller(), ticket)
        if found is None:
            raise Refusal(grpc.StatusCode.NOT_FOUND, "DECLARATION_NOT_FOUND")
        return found

    async def _receive(self, sent: Submission) -> Submission:
        async with self._engine.begin() as connection:
            stored = await Intake(connection).receive(sent)
        if stored.digest != sent.digest:
            raise Refusal(grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")
        telemetry.note(crossroads__ticket=stored.ticket, crossroads__channel=sent.channel.value)
        return stored

    async def _employer(self, company_id: str, nsso_number: str) -> str:
        """Whose declaration it is, by the numbers in its form. Raises NOT_THE_EMPLOYER."""
        company = company_id if company_id.strip("0") else ""
        return await self._declarants.named(company, nsso_number, NO_MANDATE)


def _submission(
    employer: str,
    kind: Kind,
    ticket: str,
    request_id: str,
    digest: bytes,
    *,
    quarter: str,
    workers: int,
    channel: declarations_pb2.Channel.ValueType,
    form: bytes,
    anomalies: list[bytes],
) -> Submission:
    return Submission(
        employer=employer,
        ticket=ticket,
        request_id=request_id,
        digest=digest,
        kind=kind,
        channel=wire.CHANNELS[channel],
        quarter=quarter,
        workers=workers,
        received_at=clock.now(),
        form=form,
        anomalies=tuple(anomalies),
        caller=call.caller().identity.path,
        declarant=declarants.caller(),
        chain=declarants.chain(employer),
        traceparent=telemetry.traceparent(),
    )


def _check_id(request_id: str) -> None:
    if not request_id.isprintable():
        raise malformed("request_id", "holds characters that cannot be printed")


def _page(size: int, token: str) -> tuple[int, str]:
    if token and not (token.isascii() and token.isdecimal() and len(token) == 11):
        raise malformed("page_token", "give back the token of the page before")
    return size or PAGE, token
