"""A village: a few people, who tells of them, and an engine on a database of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
from crossroads.rights.v1 import rights_pb2
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from mesh import call, identity
from mesh import database as databases
from mesh.identity import Caller
from mesh.institutions import Institution
from mesh.periods import ALWAYS, Period
from mesh.refusals import Refusal
from services.rights import rulebook
from services.rights.archive import Archive
from services.rights.arrival import Arrival
from services.rights.domain import Group, Household, Membership, Statement
from services.rights.engine import Engine
from services.rights.gaps import Gap
from services.rights.inquiries import Inquiries
from services.rights.recording import Recorder
from services.rights.rulebook import Rulebook
from services.rights.servicer import Rights
from services.rights.store import Store

MIGRATIONS = Path(rulebook.__file__).parent / "migrations"
LINA, NOOR, OMA = "91041241894", "15092325643", "50010112345"
AUDITOR = Caller(identity.Identity("auditor", "privacy"), None, "1")
NOBODY: Any = None
"""No channels: these tests ask nobody."""


@contextmanager
def asking(caller: Caller) -> Iterator[None]:
    """Whatever is asked within is asked by that caller."""
    token = call.CALLER.set(caller)
    try:
        yield
    finally:
        call.CALLER.reset(token)


class Village:
    """A National Register of few people; it can be silent."""

    def __init__(self) -> None:
        self.homes = [Household((Membership(LINA, ALWAYS), Membership(NOOR, ALWAYS)), "REGISTER")]
        self.silent = False
        self.said: list[Statement] = []
        self.asked: list[str] = []
        self.gaps: list[Gap] = []

    def rename(self, old: str, new: str) -> None:
        """Everybody knows the person by the other number."""
        self.homes = [
            replace(
                home,
                members=tuple(
                    replace(m, ssin=new if m.ssin == old else m.ssin) for m in home.members
                ),
            )
            for home in self.homes
        ]

    async def households(
        self, ssins: Collection[str], groups: Collection[Group]
    ) -> dict[str, tuple[Household, ...]]:
        if self.silent:
            raise Refusal(grpc.StatusCode.UNAVAILABLE, "HOUSEHOLD_UNKNOWN")
        self.asked += ssins
        homes = [h for h in self.homes if h.group in groups]
        return {s: tuple(h for h in homes if s in h.ssins) for s in ssins}

    async def statements(self, asked: Collection[Gap], position: int) -> list[Statement]:
        if self.silent:
            raise Refusal(grpc.StatusCode.UNAVAILABLE, "HOUSEHOLD_UNKNOWN")
        self.gaps += sorted(asked)
        return [s for s in self.said if (s.ssin, s.data_sort) in asked]


class Bench:
    """An engine with its database, a village and a clock of its own."""

    def __init__(self, engine: AsyncEngine, rules: Rulebook) -> None:
        self.moment = datetime(2026, 11, 24, 9, tzinfo=UTC)
        self.village = Village()
        self.database = engine
        self.store = Store(engine)
        self.engine = Engine(rules, self.store, Recorder(engine), self.village, self.now)
        self.rights = Rights(rules, self.store, Archive(engine), Inquiries(NOBODY), self.now)

    def now(self) -> datetime:
        self.moment += timedelta(seconds=1)
        return self.moment

    async def page(self, **asked: Any) -> rights_pb2.ListDecisionsResponse:
        with asking(AUDITOR):
            return await self.rights.ListDecisions(rights_pb2.ListDecisionsRequest(**asked), None)

    async def decisions(self, ssin: str = LINA, **also: Any) -> list[rights_pb2.RightDecision]:
        return list((await self.page(ssin=ssin, **also)).decisions)

    async def explain(self, decision_id: str, by: Caller = AUDITOR) -> rights_pb2.ExplainResponse:
        with asking(by):
            return await self.rights.Explain(
                rights_pb2.ExplainRequest(decision_id=decision_id), None
            )

    async def waiting(self, kind: str) -> list[bytes]:
        async with self.database.connect() as connection:
            rows = await connection.execute(
                text("SELECT payload FROM outbox WHERE kind = :kind ORDER BY position"),
                {"kind": kind},
            )
            return [row.payload for row in rows]


@asynccontextmanager
async def opened(database: str, rules: Rulebook) -> AsyncIterator[Bench]:
    """An engine on that database, by those rules."""
    await databases.migrate(database, MIGRATIONS)
    engine = databases.engine(database)
    try:
        yield Bench(engine, rules)
    finally:
        await engine.dispose()


def alone(ssin: str) -> Household:
    return Household((Membership(ssin, ALWAYS),))


def wage(
    position: int,
    begin: str = "2026-11-10",
    end: str = "",
    *,
    who: str = LINA,
    cancelled: bool = False,
) -> Arrival:
    until = date.fromisoformat(end) if end else date.max
    statement = Statement(
        ssin=who,
        institution=Institution(17, 1),
        data_sort="living_wage",
        status="LIVING_WAGE",
        strand="",
        period=Period(date.fromisoformat(begin), until),
        cancelled=cancelled,
        ticket=f"TICKET{position}",
        position=position,
    )
    return Arrival(who, position, f"TICKET{position}", "", statement, concerns=True)
