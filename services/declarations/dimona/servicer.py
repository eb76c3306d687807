"""Periods and relations as served, and what the NSSO does to them itself."""

from __future__ import annotations

from dataclasses import replace

import grpc
from crossroads.declarations.v1 import periods_pb2, periods_pb2_grpc
from sqlalchemy.ext.asyncio import AsyncEngine

from mesh import clock, identification, telemetry, tickets
from mesh.refusals import Refusal
from services.declarations import acts, asked
from services.declarations.dimona import wire
from services.declarations.dimona.history import History
from services.declarations.dimona.registration_store import Registrations
from services.declarations.dimona.store import Store as Periods
from services.declarations.mandates.declarants import Declarants
from services.declarations.replacements import Replacements
from services.declarations.store import Store

PAGE = 100


class Servicer(periods_pb2_grpc.PeriodsServicer):
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._declarants = Declarants(engine)

    async def ListPeriods(
        self, request: periods_pb2.ListPeriodsRequest, _: object
    ) -> periods_pb2.ListPeriodsResponse:
        employer, most = await self._declarants.check(request.employer), request.page_size or PAGE
        on, known_at = asked.day("on", request.on), asked.moment("known_at", request.known_at)
        after = asked.period_token(request.page_token)
        async with self._engine.connect() as connection:
            ssin = await Replacements(connection).in_force(request.ssin)
            found = await History(connection, employer, known_at).periods(ssin, on, after, most + 1)
            days = await Registrations(connection).of_persons({p.ssin for p in found}, known_at)
        return periods_pb2.ListPeriodsResponse(
            periods=[wire.period(period, days) for period in found[:most]],
            next_page_token=found[most - 1].id if len(found) > most else "",
        )

    async def GetPeriod(
        self, request: periods_pb2.GetPeriodRequest, _: object
    ) -> periods_pb2.GetPeriodResponse:
        employer = await self._declarants.check(request.employer)
        known_at = asked.moment("known_at", request.known_at)
        async with self._engine.connect() as connection:
            versions = await History(connection, employer, known_at).versions(
                request.dimona_period_id
            )
            if not versions:
                raise Refusal(grpc.StatusCode.NOT_FOUND, "PERIOD_NOT_FOUND")
            period = versions[-1].period
            days = await Registrations(connection).of_persons({period.ssin}, known_at)
        return periods_pb2.GetPeriodResponse(
            period=wire.period(period, days), versions=[wire.version(one) for one in versions]
        )

    async def ListRelations(
        self, request: periods_pb2.ListRelationsRequest, _: object
    ) -> periods_pb2.ListRelationsResponse:
        employer, most = await self._declarants.check(request.employer), request.page_size or PAGE
        known_at = asked.moment("known_at", request.known_at)
        after = asked.period_token(request.page_token)
        async with self._engine.connect() as connection:
            ssin = await Replacements(connection).in_force(request.ssin)
            found = await History(connection, employer, known_at).relations(ssin, after, most + 1)
            days = await Registrations(connection).of_persons({r.ssin for r in found}, known_at)
        last = min(p.id for p in found[most - 1].periods) if len(found) > most else ""
        return periods_pb2.ListRelationsResponse(
            relations=[wire.relation(relation, days) for relation in found[:most]],
            next_page_token=last,
        )

    async def ListWaiting(
        self, request: periods_pb2.ListWaitingRequest, _: object
    ) -> periods_pb2.ListWaitingResponse:
        most = request.page_size or PAGE
        after = asked.sequence_token(request.page_token, 0)
        async with self._engine.connect() as connection:
            found = await Store(connection).waiting(after, most + 1)
        return periods_pb2.ListWaitingResponse(
            declarations=[wire.waiting(declaration) for declaration in found[:most]],
            next_page_token=str(found[most - 1].sequence) if len(found) > most else "",
        )

    async def IdentifyWorker(
        self, request: periods_pb2.IdentifyWorkerRequest, _: object
    ) -> periods_pb2.IdentifyWorkerResponse:
        telemetry.note(crossroads__ticket=request.ticket)
        if request.ssin:
            _check_ssin(request.ssin)
        async with self._engine.begin() as connection:
            if not await Store(connection).identify(request.ticket, request.ssin):
                raise Refusal(grpc.StatusCode.NOT_FOUND, "NOTHING_WAITS")
            entry_id = f"{request.ticket}/identification/{tickets.new()}"
            await acts.keep(connection, entry_id, request, ground=acts.IMMEDIATE, ssin=request.ssin)
        return periods_pb2.IdentifyWorkerResponse()

    async def PutLock(
        self, request: periods_pb2.PutLockRequest, _: object
    ) -> periods_pb2.PutLockResponse:
        ticket = tickets.new()
        async with self._engine.begin() as connection:
            store = Periods(connection)
            persons = await store.workers_of({request.dimona_period_id})
            await store.hold(persons)
            found = [p for p in await store.of_persons(persons) if p.id == request.dimona_period_id]
            if not found:
                raise Refusal(grpc.StatusCode.NOT_FOUND, "PERIOD_NOT_FOUND")
            locked = replace(found[0], locked=request.locked)
            await store.put(locked, ticket, clock.now())
            await acts.keep(
                connection, f"{ticket}/lock", request, ground=acts.IMMEDIATE, ssin=locked.ssin
            )
        telemetry.note(crossroads__ticket=ticket)
        return periods_pb2.PutLockResponse(ticket=ticket)

    async def ReplaceWorker(
        self, request: periods_pb2.ReplaceWorkerRequest, _: object
    ) -> periods_pb2.ReplaceWorkerResponse:
        for number in (request.ssin, request.replaced_by):
            _check_ssin(number)
        if request.ssin == request.replaced_by:
            raise asked.malformed("replaced_by", "a number does not replace itself")
        async with self._engine.begin() as connection:
            await Periods(connection).hold({request.ssin, request.replaced_by})
            replacements = Replacements(connection)
            if await replacements.in_force(request.replaced_by) != request.replaced_by:
                raise asked.malformed("replaced_by", "is itself no longer in force")
            moved = await replacements.replace(request.ssin, request.replaced_by, clock.now())
        return periods_pb2.ReplaceWorkerResponse(moved=moved)


def _check_ssin(number: str) -> None:
    if not identification.ssin_is_valid(number):
        raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, "SSIN_CHECK_DIGIT")
