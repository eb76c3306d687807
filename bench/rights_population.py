"""Every right of a whole invented country at once: worked out, and compared with a database."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from uuid import uuid4

import psycopg
from sqlalchemy.engine import make_url

from bench.results import Measure, against_target
from mesh import database
from sandbox import citizens, registers
from services.rights import census, rows, rulebook, spans
from services.rights.census import Census
from services.rights.crew import Crew
from services.rights.differences import Writer
from services.rights.domain import Decision, DecisionKind, Rule
from services.rights.population import Population
from services.rights.review import Review
from services.rights.rulebook import Rulebook
from services.rights.spans import NEVER
from services.rights.store import Store

RULES = Path(rulebook.__file__).parent
NOW = datetime(2026, 7, 1, 9, tzinfo=UTC)
TODAY = date(2026, 7, 1)
THIS_YEAR = date(2026, 1, 1)
SEED = 1
NATION_PARTS = 117
"""11.7 million persons."""
PARTS = 12
"""Of them are measured: 1.2 million persons."""
EVAL_TARGET_S, TOTAL_TARGET_S, RSS_TARGET_MB = 5.0, 240.0, 3_000.0
RAISED = "right_to_increased_reimbursement"
BY_CENTS = 10_000
"""A hundred euros more: the ceilings of this year, so that some thousands more come under them."""
DECISIONS = (
    'ssin, decision_id, entitlement_id, "right", kind, begin, "end", void, renewable, '
    "ground_begin, ground_end, version, decided_at, caused_by, amounts"
)


async def run(url: str, parts: int = PARTS) -> list[Measure]:
    """In an empty database; what is measured of a part of the country is told for all of it."""
    return [*evaluated(parts), *await reviewed(url, parts)]


def evaluated(parts: int = NATION_PARTS, crew: Crew | None = None) -> list[Measure]:
    """The evaluation alone; the columns are in memory before the clock starts.

    `population_eval` is all rights of everybody on the days that a decision can still change:
    from 1 January of this year to the horizon. `population_eval_history` is every day since each
    law began. Where a ground's first day decides on its end, both ask for the whole of it.
    """
    rules = rulebook.load(RULES).rules
    country = [citizens.part(SEED, place) for place in range(parts)]
    persons, scaled = sum(map(len, country)), NATION_PARTS / parts
    found: list[Measure] = []
    for name, since in (("population_eval", THIS_YEAR), ("population_eval_history", date.min)):
        work = partial(_counted, rules, TODAY, since)
        list((crew or Crew()).each(work, country[:1]))
        used, began = time.process_time(), time.perf_counter()
        entitlements = sum((crew or Crew()).each(work, country))
        took, cpu = time.perf_counter() - began, time.process_time() - used
        what = f"{persons:,} persons, {len(rules)} rights, {entitlements:,} entitlements"
        found += [
            against_target(f"{name}_s", took * scaled, "s", EVAL_TARGET_S),
            Measure(f"{name}_cpu_s", cpu * scaled, "s", what),
        ]
    return found


async def reviewed(url: str, parts: int = NATION_PARTS) -> list[Measure]:
    """In an empty database: who is there and what was decided first, then a ceiling is raised."""
    await database.migrate(url, RULES / "migrations")
    before = rulebook.load(RULES)
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    for place in range(parts):
        fill(plain, citizens.part(SEED, place), before)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")
    engine, after = database.engine(url), raised(before)
    writer = Writer(after, Store(engine), engine, lambda: NOW)
    began = time.perf_counter()
    async for done in Review(after, writer, url, Crew(), lambda: NOW).run(list(after.rules)):
        last = done
    took = time.perf_counter() - began
    await engine.dispose()
    what = f"{last.persons:,} persons, {last.counts.total():,} differences, {len(last.left)} left"
    scaled = NATION_PARTS / parts
    return [
        against_target("population_total_s", took * scaled, "s", TOTAL_TARGET_S),
        Measure("population_differences", last.counts.total(), "decisions", what),
        against_target("population_rss_mb", _peak_mb(), "MB", RSS_TARGET_MB),
    ]


def fill(url: str, population: Population, law: Rulebook) -> None:
    """What was said of some persons, and what the engine would have decided of them."""
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for table, columns, chunks in (
            ("statements", registers.STATEMENTS, registers.statements(population, law.statuses)),
            ("households", registers.HOUSEHOLDS, registers.households(population)),
            ("followed", registers.FOLLOWED, registers.followed(population)),
        ):
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for chunk in chunks:
                    copy.write(chunk)
        worked_out = Census(law.rules, population, TODAY, ahead=True)
        ssins = [ssin.decode() for ssin in population.ssins]
        for right, found in worked_out.rights():
            with cursor.copy(f"COPY decisions ({DECISIONS}) FROM STDIN") as copy:
                for who, entitlement in found.nouns():
                    identifier = uuid4().hex
                    decision = Decision(
                        id=identifier,
                        entitlement_id=identifier,
                        ssin=ssins[who],
                        right=right,
                        kind=DecisionKind.GRANTED,
                        period=entitlement.period,
                        void=False,
                        renewable=entitlement.renewable,
                        ground=entitlement.ground,
                        version=entitlement.version,
                        decided_at=NOW,
                        amounts=entitlement.amounts,
                    )
                    copy.write_row(tuple(rows.of_decision(decision).values()))
            with cursor.copy('COPY dues (ssin, "right", due_on) FROM STDIN') as copy:
                for who, day in enumerate(worked_out.dues[right].tolist()):
                    if day != NEVER:
                        copy.write_row((ssins[who], right, spans.day(day)))


def raised(law: Rulebook) -> Rulebook:
    """The same law with higher ceilings this year."""
    rule = law.rules[RAISED]
    versions = tuple(
        replace(
            version,
            params={
                name: (*values[:-1], replace(values[-1], value=values[-1].value + BY_CENTS))
                if name == "ceiling"
                else values
                for name, values in version.params.items()
            },
        )
        for version in rule.versions
    )
    return replace(law, rules={**law.rules, RAISED: replace(rule, versions=versions)})


def _counted(rules: Mapping[str, Rule], today: date, since: date, population: Population) -> int:
    """Only their number: what was found is not kept."""
    found: Iterator[int] = (len(e) for _, e in census.work_out(rules, today, since, population))
    return sum(found)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
