"""Waivers: recorded, revoked and told to those who were told of the right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import uuid4

import grpc
from crossroads.rights.v1 import asker_pb2, waivers_pb2, waivers_pb2_grpc
from crossroads.router.v1 import decision_pb2
from sqlalchemy.ext.asyncio import AsyncConnection

from mesh import call, clock, outbox, periods
from mesh.periods import Period
from mesh.refusals import Refusal
from services.rights import asked, claims, inquiries, requests, wire
from services.rights.domain import Decision, Rule
from services.rights.inquiries import Inquiries
from services.rights.law.in_force import Follower
from services.rights.law.rulebook import Rulebook
from services.rights.law.windows import day
from services.rights.store import Store
from services.rights.waivers import domain as waivers
from services.rights.waivers import store as waiver_store
from services.rights.waivers.domain import Hindered, Waiver
from services.rights.waivers.store import WaiverStore

PAGE = 100
Context = Any


class WaiversServicer(Follower, waivers_pb2_grpc.WaiversServicer):
    """Changes what is published and no decision."""

    def __init__(
        self,
        rulebook: Rulebook,
        store: Store,
        kept: WaiverStore,
        asking: Inquiries,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._rulebook = rulebook
        self._store = store
        self._kept = kept
        self._asking = asking
        self._now = now

    async def Waive(
        self, request: waivers_pb2.WaiveRequest, context: Context
    ) -> waivers_pb2.WaiveResponse:
        rule = asked.rule(self._rulebook.rules, request.right)
        ssin, begin = inquiries.subject(request.ssin), self._day(getattr(request, "from"))
        answer = waivers_pb2.WaiveResponse()
        if not await self._decided(ssin, rule.id, request.asker, begin, answer.decision):
            return answer
        answer.waiver.CopyFrom(_waiver(await self._waive(rule, ssin, begin, request)))
        return answer

    async def RevokeWaiver(
        self, request: waivers_pb2.RevokeWaiverRequest, context: Context
    ) -> waivers_pb2.RevokeWaiverResponse:
        ssin, end = inquiries.subject(request.ssin), self._day(getattr(request, "from"))
        if end > self._day(""):
            raise asked.malformed("from", "lies in the future")
        answer = waivers_pb2.RevokeWaiverResponse()
        if inquiries.is_institution():
            async with self._store.transaction() as connection:
                known = await waiver_store.known(connection, [ssin], self._now())
            right = next((w.right for w in known if w.id == request.waiver_id), "")
            if not await self._decided(ssin, right, request.asker, end, answer.decision):
                return answer
        answer.waiver.CopyFrom(_waiver(await self._revoke(ssin, end, request)))
        return answer

    async def ListWaivers(
        self, request: waivers_pb2.ListWaiversRequest, context: Context
    ) -> waivers_pb2.ListWaiversResponse:
        if request.right:
            asked.rule(self._rulebook.rules, request.right)
        ssin, page = inquiries.subject(request.ssin), waivers_pb2.ListWaiversResponse()
        today = self._day("")
        if not await self._decided(ssin, request.right, request.asker, today, page.decision):
            return page
        most, before = request.page_size or PAGE, asked.before(request.page_token)
        known_at = asked.moment(request.known_at, self._now())
        found = await self._kept.list(ssin, request.right, known_at, before, most + 1)
        page.waivers.extend(_waiver(waiver) for _, waiver in found[:most])
        page.next_page_token = str(found[most - 1][0]) if len(found) > most else ""
        return page

    async def _decided(
        self,
        ssin: str,
        right: str,
        asker: asker_pb2.Asker,
        on: date,
        decision: decision_pb2.Decision,
    ) -> bool:
        """Whether the caller may, by the router for an institution; fills in what it decided."""
        if not inquiries.is_institution():
            return True
        answer = await self._asking.right(ssin, right, asker, day(on))
        decision.CopyFrom(answer.decision)
        return inquiries.authorised(answer)

    async def _waive(
        self, rule: Rule, ssin: str, begin: date, request: waivers_pb2.WaiveRequest
    ) -> Waiver:
        sent = requests.sent(request, request.request_id, call.caller().principal)
        async with self._store.transaction() as connection:
            await self._kept.take_turn(connection)
            now = self._now()
            known = await waiver_store.known(connection, [ssin], now)
            again = await self._kept.requested(connection, ssin, sent)
            if again is not None:
                requests.check(sent, again[1])
                return next(w for w in known if w.id == again[0])
            standing = await self._store.standing(connection, [ssin])
            ssin = (await self._store.in_force(connection, [ssin])).get(ssin, ssin)
            days = waivers.days(known, rule.id)
            found = waivers.possible(rule, standing, days, begin, self._day(""))
            if isinstance(found, Hindered):
                raise Refusal(grpc.StatusCode.FAILED_PRECONDITION, found.why, metadata=found.about)
            waiver = Waiver(uuid4().hex, ssin, rule.id, begin, found.id, sent.by, now)
            await self._kept.add(connection, waiver, sent)
            after = waivers.days([*known, waiver], rule.id)
            await _tell(connection, waiver.id, _of(standing, rule.id), days, after)
            await claims.record(
                connection, f"{waiver.id}/waived", ssin, rule.id, request.asker,
                _waiver(waiver), now,
            )  # fmt: skip
        return waiver

    async def _revoke(
        self, ssin: str, end: date, request: waivers_pb2.RevokeWaiverRequest
    ) -> Waiver:
        sent = requests.sent(request, request.request_id, call.caller().principal)
        async with self._store.transaction() as connection:
            await self._kept.take_turn(connection)
            now = self._now()
            known = await waiver_store.known(connection, [ssin], now)
            again = await self._kept.requested(connection, ssin, sent)
            if again is not None:
                requests.check(sent, again[1])
            waiver = next((w for w in known if w.id == request.waiver_id), None)
            if waiver is None:
                raise Refusal(grpc.StatusCode.NOT_FOUND, "UNKNOWN_WAIVER")
            if again is not None:
                return waiver
            if waiver.revoked_at is not None:
                raise Refusal(grpc.StatusCode.FAILED_PRECONDITION, "WAIVER_REVOKED")
            revoked = replace(
                waiver, end=max(end, waiver.begin), revoked_by=sent.by, revoked_at=now
            )
            await self._kept.revoke(connection, waiver, revoked.end, now, sent)
            others = [w for w in known if w is not waiver]
            before, after = (waivers.days([*others, w], w.right) for w in (waiver, revoked))
            standing = await self._store.standing(connection, [ssin])
            await _tell(
                connection, f"{waiver.id}-again", _of(standing, waiver.right), before, after
            )
            await claims.record(
                connection, f"{waiver.id}/revoked", ssin, waiver.right, request.asker,
                _waiver(revoked), now,
            )  # fmt: skip
        return revoked

    def _day(self, text: str) -> date:
        """Today in Brussels where none is given."""
        return asked.day(text, "from") if text else self._now().astimezone(clock.BRUSSELS).date()


def _of(standing: Sequence[Decision], right: str) -> list[Decision]:
    return sorted((d for d in standing if d.right == right), key=lambda d: d.period)


async def _tell(
    connection: AsyncConnection,
    cause: str,
    standing: Sequence[Decision],
    before: Sequence[Period],
    after: Sequence[Period],
) -> None:
    """Queue what the recipients of a right must hear; the cause makes telling it twice harmless."""
    for number, decision in enumerate(standing):
        told = waivers.on_waiver(decision, before, after)
        for publication in wire.notices(decision, told, f"{cause}-{number}"):
            await outbox.put(connection, "publish", publication.SerializeToString())


def _waiver(of: Waiver) -> waivers_pb2.Waiver:
    wired = waivers_pb2.Waiver(
        waiver_id=of.id,
        ssin=of.ssin,
        right=of.right,
        decision_id=of.decision_id,
        recorded_by=of.recorded_by,
        recorded_at=clock.rfc3339(of.recorded_at),
        revoked_by=of.revoked_by,
        revoked_at=clock.rfc3339(of.revoked_at) if of.revoked_at else "",
    )
    if of.days is not None:
        wired.period.CopyFrom(periods.to_wire(of.days))
    return wired
