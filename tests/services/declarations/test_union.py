"""In a real database, whatever is declared: integration is the union of periods, told once."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from crossroads.repertory.v1 import repertory_pb2
from crossroads.router.v1 import exchange_pb2
from sqlalchemy.ext.asyncio import AsyncEngine

from mesh import outbox, periods
from services.declarations.dimona.store import Store as Periods
from services.declarations.domain import Declaration, State
from services.declarations.intake import Intake
from services.declarations.store import Store
from services.declarations.telling import INTEGRATE_AND_PUBLISH, Telling
from services.declarations.worker import Worker

EMPLOYERS = ("0400000185", "0400000284")
PERSONS = ("91041241894", "84031721194")
FIRST, HORIZON = date(2026, 10, 1), 150


def day(source: random.Random) -> str:
    return (FIRST + timedelta(days=source.randrange(HORIZON - 1))).isoformat()


def days_of(period: periods.Period) -> set[int]:
    return {n for n in range(HORIZON) if FIRST + timedelta(days=n) in period}


class Declarer:
    """Declares at random, mostly on periods that exist."""

    def __init__(self, seed: int, entry: Callable[..., Any], form: Callable[..., Any]) -> None:
        self.source = random.Random(seed)
        self.entry = entry
        self.form = form
        self.made: list[tuple[str, str]] = []

    def next(self) -> tuple[str, Any]:
        kind = self.source.choice(["in", "in", "out", "move", "open", "cancel"])
        employer = self.source.choice(EMPLOYERS)
        if kind == "in" or not self.made:
            ends = {"ending_date": day(self.source)} if self.source.random() < 0.5 else {}
            return employer, self.entry(
                inss=self.source.choice(PERSONS),
                starting_date=day(self.source),
                employer_id={"company_id": employer},
                **ends,
            )
        owner, number = self.source.choice(self.made)
        employer = self.source.choice([owner, owner, employer])
        if kind == "cancel":
            return employer, self.form("dimona_cancel", dimona_period_id=number)
        body = "dimona_out" if kind == "out" else "dimona_update"
        last = "9999-12-31" if kind == "open" else day(self.source)
        return employer, self.form(body, dimona_period_id=number, ending_date=last)


def told(outside: Any) -> tuple[dict[str, set[int]], Counter[str]]:
    """Days known by person, and how often each mutation was published."""
    known: dict[str, set[int]] = {ssin: set() for ssin in PERSONS}
    published: Counter[str] = Counter()
    for message in outside.heard:
        if isinstance(message, repertory_pb2.RegisterRequest):
            for line in message.inscriptions:
                known[line.ssin] |= days_of(periods.from_wire(line.period))
        elif isinstance(message, repertory_pb2.EndRequest):
            line = message.inscription
            known[line.ssin] -= days_of(periods.from_wire(line.period))
        elif isinstance(message, exchange_pb2.PublishRequest):
            published[message.request_id] += 1
    return known, published


@pytest.mark.parametrize("seed", range(3))
async def test_integration_is_the_union_of_periods_on_every_day(
    seed: int,
    engine: AsyncEngine,
    database: str,
    outside: Any,
    entry: Callable[..., Any],
    form: Callable[..., Any],
    declaration: Callable[..., Declaration],
) -> None:
    outside.known |= set(PERSONS)
    declarer, worker = Declarer(seed, entry, form), Worker(engine, database, outside)
    accepted: list[str] = []
    for _ in range(30):
        batch = [
            declaration(made, employer=employer)
            for employer, made in (declarer.next() for _ in range(declarer.source.randint(1, 4)))
        ]
        async with engine.begin() as connection:
            await Intake(connection).receive(batch)
        while await worker.handle():
            pass
        async with engine.connect() as connection:
            for sent in batch:
                done = await Store(connection).declaration(sent.employer, sent.ticket)
                assert done
                if done.state is State.ACCEPTED:
                    accepted.append(done.ticket)
                    declarer.made.append((done.employer, done.dimona_period_id))
    telling = Telling(outside, outside, outside)
    while await outbox.Worker(engine, database, telling.handlers).tell(INTEGRATE_AND_PUBLISH):
        pass
    known, published = told(outside)
    async with engine.connect() as connection:
        standing = [p for p in await Periods(connection).of_persons(PERSONS) if not p.cancelled]
    for ssin in PERSONS:
        union = set().union(*(days_of(p.days) for p in standing if p.ssin == ssin))
        assert known[ssin] == union
    assert len(accepted) > 10
    assert published == Counter({f"{ticket}-publish": 1 for ticket in accepted})
