"""Convergence: whatever the order, the repetitions and the crashes, the same rights stand."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Coroutine, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from crossroads.router.v1 import exchange_pb2
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mesh import database as databases
from mesh.institutions import Institution
from mesh.periods import ALWAYS, Period
from services.rights.arrival import Arrival
from services.rights.deciding.evaluation import Evaluation
from services.rights.domain import Group, Household, Membership, Statement, World
from services.rights.engine import Engine
from services.rights.facts import births, holdings
from services.rights.facts.gaps import Gap
from services.rights.law import rulebook
from services.rights.recording import Effects, Recorder
from services.rights.store import Store, Turn
from tests.services.rights import worlds

T = TypeVar("T")
RULES = worlds.RULES
MIGRATIONS = Path(rulebook.__file__).parents[1] / "migrations"
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
TODAY = NOW.date()


def number(nine: int, *, from_2000: bool = False) -> str:
    return f"{nine:09d}{97 - (nine + 2_000_000_000 * from_2000) % 97:02d}"


ANN, BOB, CIS = number(910412418), number(100510123, from_2000=True), number(580615002)
BIS = number(914412418)
"""By which Ann was known before she had a national number."""
PEOPLE = (ANN, BOB, CIS)
BEGINS = (date(2024, 3, 31), date(2025, 1, 1), date(2026, 8, 20))
THINGS = (
    (Institution(17, 1), "living_wage", "LIVING_WAGE"),
    (Institution(17, 2), "living_wage", "EQUIVALENT"),
    (Institution(5, 0), "pension", "GRAPA"),
    (Institution(16, 0), "disability_recognition", "INCOME_REPLACEMENT"),
    (Institution(11, 1), "increased_reimbursement", "INCREASED_REIMBURSEMENT"),
)
people = st.sampled_from(PEOPLE)


class Crash(Exception):  # noqa: N818 - it states what happened
    """The process died here."""


@dataclass
class Fuse:
    """Where the process dies next."""

    at: str = ""

    def burn(self, place: str) -> None:
        if self.at == place:
            self.at = ""
            raise Crash(place)


class FallibleStore(Store):
    """May die while it reads."""

    def __init__(self, engine: AsyncEngine, fuse: Fuse) -> None:
        super().__init__(engine)
        self._fuse = fuse

    async def statements(
        self, connection: AsyncConnection, ssins: Iterable[str], known_at: datetime
    ) -> tuple[Statement, ...]:
        self._fuse.burn("reading")
        return await super().statements(connection, ssins, known_at)


class FallibleRecorder(Recorder):
    """May die before it records, and before it can say that it did."""

    def __init__(self, engine: AsyncEngine, fuse: Fuse) -> None:
        super().__init__(engine)
        self._fuse = fuse

    async def record(self, turn: Turn, effects: Effects) -> None:
        self._fuse.burn("before recording")
        await super().record(turn, effects)
        self._fuse.burn("after recording")


class Country:
    """What is so: who lives with whom, who earns what; and every message that was sent."""

    def __init__(self) -> None:
        self.homes: list[Household] = [home((ANN, ""), (BOB, "")), home((CIS, ""))]
        self.homes += [
            home((ANN, "HOLDER"), (BOB, "DEPENDANT"), group=Group.FUND_HOUSEHOLD),
            home((CIS, "HOLDER"), group=Group.FUND_HOUSEHOLD),
            home((ANN, "PARENT"), (BOB, "CHILD"), group=Group.FAMILY),
        ]
        self.incomes = dict.fromkeys(PEOPLE, 1_000_000)
        self.regions = dict.fromkeys(PEOPLE, "LIVES_IN_FLANDERS")
        self.replaced: dict[str, str] = {}
        self.sent: list[Arrival] = []

    def send(self, arrival: Arrival) -> None:
        position = len(self.sent) + 1
        said = arrival.statement and replace(
            arrival.statement, position=position, ticket=f"T{position}"
        )
        self.sent.append(replace(arrival, position=position, ticket=f"T{position}", statement=said))

    def in_force(self, ssin: str) -> str:
        return self.replaced.get(ssin, ssin)

    def told(self, asked: Collection[Gap], position: int) -> list[Statement]:
        """What the tax authority and the Register say when asked."""
        found = []
        for ssin, data_sort in asked:
            of = next((old for old, new in self.replaced.items() if new == ssin), ssin)
            if data_sort == "income" and of in self.incomes:
                found.append(income(ssin, self.incomes[of], position))
            if data_sort == "domicile" and of in self.regions:
                found.append(region(ssin, self.regions[of], position))
        return found

    async def households(
        self, ssins: Collection[str], groups: Collection[Group]
    ) -> dict[str, tuple[Household, ...]]:
        named = [
            replace(h, members=tuple(replace(m, ssin=self.in_force(m.ssin)) for m in h.members))
            for h in self.homes
            if h.group in groups
        ]
        return {s: tuple(h for h in named if self.in_force(s) in h.ssins) for s in ssins}

    async def statements(self, asked: Collection[Gap], position: int) -> list[Statement]:
        return self.told(asked, position)


def home(*members: tuple[str, str], group: Group = Group.DOMICILE) -> Household:
    return Household(tuple(Membership(s, ALWAYS, role) for s, role in members), "HOME", group)


def income(ssin: str, cents: int, position: int) -> Statement:
    year = Period(date(2025, 1, 1), date(2026, 1, 1))
    return Statement(
        *(ssin, Institution(50, 0), "income", "TAXABLE_INCOME", "", year),
        cancelled=False,
        ticket="TAX",
        position=position,
        amount=cents,
    )


def region(ssin: str, status: str, position: int) -> Statement:
    return Statement(
        *(ssin, Institution(0, 0), "domicile", status, "", Period(date(2000, 1, 1), date.max)),
        cancelled=False,
        ticket="REGISTER",
        position=position,
    )


def delivery(ssin: str, said: Statement | None = None, **also: Any) -> Arrival:
    return Arrival(ssin, 0, "", "", said, concerns=True, **also)


class Deliveries(RuleBasedStateMachine):
    """An engine on a real database, and everything that can befall what is sent to it."""

    database: ClassVar[str]
    loop: ClassVar[asyncio.Runner]

    def __init__(self) -> None:
        super().__init__()
        self.country, self.fuse = Country(), Fuse()
        self.moment = NOW
        self.acknowledged = 0
        self.engine = databases.engine(self.database, 4)
        self.rights = self.born_again()
        self.run(self._emptied())

    def born_again(self) -> Engine:
        """A process that knows only what the database has."""
        store, recorder = (
            FallibleStore(self.engine, self.fuse),
            FallibleRecorder(self.engine, self.fuse),
        )
        return Engine(RULES, store, recorder, self.country, self.now)

    def now(self) -> datetime:
        self.moment += timedelta(milliseconds=1)
        return self.moment

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run(work)

    async def _emptied(self) -> None:
        async with self.engine.begin() as connection:
            await connection.execute(
                text(
                    "TRUNCATE statements, households, decisions, dues, asked, replaced_numbers, "
                    "integrated, followed, outbox"
                )
            )
            await connection.execute(text("UPDATE mailbox SET position = 0, turn = 0"))

    @rule(
        who=people,
        thing=st.sampled_from(THINGS),
        begin=st.sampled_from(BEGINS),
        days=st.none() | st.sampled_from([1, 100, 400]),
        cancelled=st.sampled_from([False, False, False, True]),
    )
    def say(
        self,
        who: str,
        thing: tuple[Institution, str, str],
        begin: date,
        days: int | None,
        cancelled: bool,
    ) -> None:
        """An institution says something of somebody, or takes it back; perhaps long after."""
        institution, data_sort, status = thing
        several = RULES.statuses.sorts[data_sort].several_at_once
        said = Statement(
            ssin=self.country.in_force(who),
            institution=institution,
            data_sort=data_sort,
            status=status,
            strand=status if several else "",
            period=worlds.lasting(begin, days),
            cancelled=cancelled,
            ticket="",
            position=0,
        )
        self.country.send(delivery(said.ssin, said))

    @rule(who=people, cents=st.sampled_from([0, 1_500_000, 9_000_000]))
    def assess(self, who: str, cents: int) -> None:
        ssin = self.country.in_force(who)
        self.country.incomes[who] = cents
        self.country.send(delivery(ssin, income(ssin, cents, 0)))

    @rule(who=people, status=st.sampled_from(["LIVES_IN_FLANDERS", "LIVES_IN_WALLONIA"]))
    def settle(self, who: str, status: str) -> None:
        ssin = self.country.in_force(who)
        self.country.regions[who] = status
        self.country.send(delivery(ssin, region(ssin, status, 0)))

    @rule(together=st.sampled_from([(ANN, BOB), (ANN, BOB, CIS), (BOB, CIS)]))
    def move(self, together: tuple[str, ...]) -> None:
        """Those live together, the others alone; each is announced."""
        alone = [home((ssin, "")) for ssin in PEOPLE if ssin not in together]
        others = [h for h in self.country.homes if h.group is not Group.DOMICILE]
        self.country.homes = [home(*((ssin, "") for ssin in together)), *alone, *others]
        for ssin in PEOPLE:
            self.country.send(delivery(self.country.in_force(ssin), group=Group.DOMICILE))

    @rule()
    def renumber(self) -> None:
        """A number gives way to another, once."""
        if not self.country.replaced:
            self.country.replaced[ANN] = BIS
            self.country.send(delivery(BIS, replaces=ANN))

    @rule(most=st.integers(1, 4), again=st.integers(0, 3))
    def deliver(self, most: int, again: int) -> None:
        """Some of what waits, after some of what came before; or the process dies on the way."""
        start = max(self.acknowledged - again, 0)
        batch = self.country.sent[start : self.acknowledged + most]
        try:
            self.run(self.rights.take_in(batch))
        except Crash:
            self.rights = self.born_again()
        else:
            self.acknowledged = max(self.acknowledged, start + len(batch))

    @rule(most=st.integers(1, 4))
    def deliver_to_two(self, most: int) -> None:
        """Two processes have the same mailbox for a moment."""
        batch = self.country.sent[self.acknowledged : self.acknowledged + most]
        other = self.born_again()

        async def both() -> None:
            await asyncio.gather(
                self.rights.take_in(batch), other.take_in(batch), return_exceptions=True
            )

        self.run(both())

    @rule(at=st.sampled_from(["reading", "before recording", "after recording"]))
    def light(self, at: str) -> None:
        self.fuse.at = at

    @rule()
    def look_again(self) -> None:
        """A run over everybody changes nothing."""
        self.fuse.at = ""
        before = self.run(self._stands())
        self.run(self.rights.decide_anew(self.run(self._followed()), frozenset(RULES.rules)))
        assert self.run(self._stands()) == before

    @invariant()
    def every_decision_is_told_once(self) -> None:
        decided, told = self.run(self._told())
        assert sorted(decided) == sorted(told)

    def teardown(self) -> None:
        self.fuse.at = ""
        while self.acknowledged < len(self.country.sent):
            self.deliver(4, 0)
        assert self.run(self._stands()) == self._entitled()
        self.run(self.engine.dispose())

    async def _stands(self) -> dict[str, Any]:
        """By person what stands, and what its recipients were last told of each entitlement."""
        store = Store(self.engine)
        async with store.reading() as connection:
            found = await store.standing(connection, {*PEOPLE, BIS})
        stands: dict[str, set[Any]] = {}
        for d in found:
            stands.setdefault(d.ssin, set()).add((d.right, d.period, d.renewable, d.amounts))
        return stands

    async def _followed(self) -> set[str]:
        async with self.engine.connect() as connection:
            return set(await connection.scalars(text("SELECT ssin FROM followed")))

    async def _told(self) -> tuple[list[str], list[str]]:
        async with self.engine.connect() as connection:
            decided = await connection.scalars(text("SELECT decision_id FROM decisions"))
            sent = await connection.scalars(
                text("SELECT payload FROM outbox WHERE kind = 'publish'")
            )
            return list(decided), [
                exchange_pb2.PublishRequest.FromString(payload).request_id for payload in sent
            ]

    def _entitled(self) -> dict[str, Any]:
        """What follows from all that was sent, as if it had been known at once."""
        country = self.country
        persons = [country.in_force(ssin) for ssin in PEOPLE]
        said = [
            replace(a.statement, ssin=country.in_force(a.ssin))
            for a in country.sent
            if a.statement is not None
        ]
        consulted = country.told([(s, sort) for s in persons for sort in ("income", "domicile")], 0)
        facts = holdings.facts_of([*consulted, *said], RULES.statuses.sorts)
        homes = self.run(country.households(persons, list(Group)))
        world = World(births.completed(facts, persons), homes)
        worked_out = Evaluation(RULES.rules, world, TODAY)
        found: dict[str, set[Any]] = {}
        for ssin in self.run(self._followed()) & set(persons):
            for right in RULES.rules:
                for e in worked_out.entitlements(right, ssin):
                    found.setdefault(ssin, set()).add((right, e.period, e.renewable, e.amounts))
        return found


def test_whatever_befalls_deliveries_the_same_rights_stand(database: str) -> None:
    asyncio.run(databases.migrate(database, MIGRATIONS))
    with asyncio.Runner() as loop:
        machine = type("OnADatabase", (Deliveries,), {"database": database, "loop": loop})
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=20,
                stateful_step_count=25,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
