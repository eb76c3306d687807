"""Gaps: what was never told is consulted once, and only where an answer depends on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date

import pytest

from mesh.institutions import Institution
from mesh.periods import ALWAYS, Period
from services.rights.arrival import Arrival
from services.rights.domain import Group, Household, Membership, Statement
from tests.services.rights import villages, worlds
from tests.services.rights.villages import LINA, NOOR, Bench, wage

INCOME = "right_to_increased_reimbursement"
NAMED = (INCOME, "water_bill_reduction")
RULES = replace(worlds.RULES, rules={name: worlds.RULES.rules[name] for name in NAMED})


@pytest.fixture
async def bench(database: str) -> AsyncIterator[Bench]:
    async with villages.opened(database, RULES) as made:
        made.village.homes.append(
            Household(
                (Membership(LINA, ALWAYS, "HOLDER"), Membership(NOOR, ALWAYS, "DEPENDANT")),
                "FUND",
                Group.FUND_HOUSEHOLD,
            )
        )
        yield made


def said(ssin: str, data_sort: str, status: str, days: Period, amount: int | None) -> Statement:
    return Statement(
        ssin, Institution(50, 0), data_sort, status, "", days,
        cancelled=False, ticket="ASKED", position=0, amount=amount,
    )  # fmt: skip


def income(ssin: str, cents: int) -> Statement:
    year = Period(date(2025, 1, 1), date(2026, 1, 1))
    return said(ssin, "income", "TAXABLE_INCOME", year, cents)


def grapa(position: int, begin: str = "2026-11-10") -> Arrival:
    """A status on which both rights depend."""
    arrival = wage(position, begin)
    assert arrival.statement
    statement = replace(arrival.statement, data_sort="pension", status="GRAPA", strand="GRAPA")
    return replace(arrival, statement=statement)


async def test_an_income_is_asked_where_nothing_else_settles_the_right(bench: Bench) -> None:
    bench.village.said = [income(LINA, 1_000_000)]
    await bench.engine.take_in([wage(1)])
    assert (LINA, "income") in bench.village.gaps
    found = [d for d in await bench.decisions() if d.right == INCOME]
    assert [(d.period.begin, d.period.end) for d in found] == [("2026-01-01", "2028-01-01")]


async def test_nobody_is_asked_twice_even_where_nothing_was_said(bench: Bench) -> None:
    await bench.engine.take_in([wage(1)])
    asked, households = len(bench.village.gaps), len(bench.village.asked)
    await bench.engine.take_in([wage(2, end="2026-12-01"), grapa(3)])
    assert len(bench.village.gaps) == asked > 0
    assert len(bench.village.asked) == households > 0


async def test_an_income_told_by_message_is_not_asked(bench: Bench) -> None:
    arrivals = []
    for position, ssin in enumerate((LINA, NOOR), 1):
        told = replace(income(ssin, 1), position=position, ticket=f"T{position}")
        arrivals.append(Arrival(ssin, position, told.ticket, "", told, concerns=True))
    await bench.engine.take_in(arrivals)
    assert not [sort for _, sort in bench.village.gaps if sort == "income"]


async def test_where_she_lives_is_asked_only_with_a_ground(bench: Bench) -> None:
    await bench.engine.take_in([wage(1, cancelled=True)])
    assert (LINA, "domicile") not in bench.village.gaps
    flanders = Period(date(2000, 1, 1), date.max)
    bench.village.said = [said(LINA, "domicile", "LIVES_IN_FLANDERS", flanders, None)]
    await bench.engine.take_in([wage(2, "2025-12-01")])
    assert (LINA, "domicile") in bench.village.gaps
    assert [d.right for d in await bench.decisions() if d.right != INCOME] == [NAMED[1]]
    assert [d.right for d in await bench.decisions(NOOR) if d.right != INCOME] == []


async def test_a_birth_is_taken_from_the_number_and_not_asked(bench: Bench) -> None:
    await bench.engine.take_in([wage(1)])
    assert not [sort for _, sort in bench.village.gaps if sort == "particulars"]
