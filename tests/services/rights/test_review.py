"""Everybody at once, and everybody one page after the other: the same decisions, told alike."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import psycopg
import pytest
from crossroads.router.v1 import exchange_pb2
from sqlalchemy import text
from sqlalchemy.engine import make_url

from sandbox import citizens, registers
from services.rights import rulebook
from services.rights.crew import Crew
from services.rights.differences import Writer
from services.rights.population import Memberships, Population
from services.rights.reevaluation import Reevaluation
from services.rights.review import Review
from services.rights.run_store import LAW, OPERATOR, RunStore
from tests.services.rights import villages
from tests.services.rights.villages import Bench

RULES = rulebook.load(Path(rulebook.__file__).parent)
PERSONS = 400


def some(persons: int) -> Population:
    """A few of the country, in the groups that they make up among themselves."""
    whole = citizens.part(3, 0)
    return Population(
        whole.ssins[:persons],
        whole.births[:persons],
        {s: found.where(found.who < persons) for s, found in whole.said.items()},
        {g: _among(members, persons) for g, members in whole.groups.items()},
    )


def _among(members: Memberships, persons: int) -> Memberships:
    kept = members.who < persons
    return Memberships(
        members.group[kept],
        members.who[kept],
        members.begin[kept],
        members.end[kept],
        members.role[kept],
    )


def fill(database: str, population: Population) -> None:
    url = make_url(database).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for table, columns, lines in (
            ("statements", registers.STATEMENTS, registers.statements(population, RULES.statuses)),
            ("households", registers.HOUSEHOLDS, registers.households(population)),
            ("followed", registers.FOLLOWED, registers.followed(population)),
        ):
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for chunk in lines:
                    copy.write(chunk)


async def stood(bench: Bench) -> Counter[tuple[object, ...]]:
    """What was decided, without what differs from one time to the next."""
    async with bench.database.connect() as connection:
        found = await connection.execute(
            text(
                'SELECT ssin, "right", kind, begin, "end", void, renewable, ground_begin, '
                "ground_end, version, amounts::text FROM decisions"
            )
        )
        return Counter(tuple(row) for row in found)


async def due(bench: Bench) -> set[tuple[object, ...]]:
    async with bench.database.connect() as connection:
        found = await connection.execute(text('SELECT ssin, "right", due_on FROM dues'))
        return {tuple(row) for row in found}


async def told(bench: Bench) -> Counter[tuple[str, str, int]]:
    sent = [exchange_pb2.PublishRequest.FromString(p) for p in await bench.waiting("publish")]
    return Counter((p.mutation.ssin, p.mutation.data_sort, p.mutation.kind) for p in sent)


async def paged(bench: Bench, ssins: list[str]) -> None:
    for first in range(0, len(ssins), 100):
        await bench.engine.decide_anew(ssins[first : first + 100], list(RULES.rules))


def review(bench: Bench, database: str) -> Review:
    writer = Writer(RULES, bench.store, bench.database, bench.now)
    return Review(RULES, writer, database, Crew(workers=2), bench.now)


async def test_at_once_and_page_by_page_leave_the_same(
    database: str, second: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.rights.snapshot.PERSONS", 90)
    population = some(PERSONS)
    ssins = [ssin.decode() for ssin in population.ssins]
    async with (
        villages.opened(database, RULES) as bench,
        villages.opened(second, RULES) as other,
    ):
        fill(database, population)
        fill(second, population)
        await paged(other, ssins)
        progress = [done async for done in review(bench, database).run(list(RULES.rules))]
        last = progress[-1]
        assert (last.persons, last.of_persons) == (PERSONS, PERSONS)
        assert len(last.left) < PERSONS // 5
        assert last.counts.total() > PERSONS
        await paged(bench, sorted(last.left))
        assert await stood(bench) == await stood(other)
        assert await due(bench) == await due(other)
        assert await told(bench) == await told(other)
        again = [done async for done in review(bench, database).run(list(RULES.rules))][-1]
        assert again.counts.total() == 0


async def test_whoever_had_news_since_the_reading_is_left(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    population = some(60)
    async with villages.opened(database, RULES) as bench:
        fill(database, population)
        reviewing = review(bench, database)
        news = next(
            ssin.decode()
            for who, ssin in enumerate(population.ssins)
            if who in population.said["RETIREMENT"].who
        )
        going = reviewing.run(list(RULES.rules))
        assert (await anext(going)).persons == 0
        await bench.engine.take_in([villages.wage(1, who=news)])
        before = await stood(bench)
        done = [progress async for progress in going][-1]
        assert news in done.left
        after = await stood(bench)
        assert before <= after
        assert Counter(row[0] for row in before)[news] == Counter(row[0] for row in after)[news]
        await paged(bench, sorted(done.left))
        again = [progress async for progress in review(bench, database).run(list(RULES.rules))]
        assert again[-1].counts.total() == 0


async def test_a_dry_review_counts_and_leaves_nothing(database: str) -> None:
    async with villages.opened(database, RULES) as bench:
        fill(database, some(60))
        dry = [p async for p in review(bench, database).run(list(RULES.rules), dry=True)][-1]
        assert dry.counts.total() > 60
        assert not await stood(bench)
        assert not await bench.waiting("publish")
        run = [p async for p in review(bench, database).run(list(RULES.rules))][-1]
        assert run.counts == dry.counts


async def test_a_run_after_a_review_goes_over_those_who_are_left(database: str) -> None:
    population = some(60)
    async with villages.opened(database, RULES) as bench:
        fill(database, population)
        runs = RunStore(bench.database)
        reevaluation = Reevaluation(RULES, bench.store, runs, bench.engine, bench.now)
        await runs.apply(RULES, bench.moment.date(), list(RULES.rules), bench.moment)
        last = [p async for p in review(bench, database).run(list(RULES.rules))][-1]
        left = sorted({*last.left, population.ssins[7].decode()})
        begun = await runs.narrow(RULES.rules, left, last.persons, last.counts, bench.now())
        assert begun.left == tuple(left)
        going = [run async for run in reevaluation.asked(list(RULES.rules))]
        assert going[0].counts == last.counts
        assert going[-1].persons == last.persons + len(left)
        (by_law,) = await runs.under_way(LAW)
        assert by_law.left == tuple(left)
        assert not [run for run in await runs.under_way(OPERATOR) if run.left is not None]
