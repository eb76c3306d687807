"""The statuses on which a right rests, whoever said them."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from mesh.institutions import Institution
from mesh.periods import Period
from services.rights.domain import Statement
from services.rights.facts import harmonised
from services.rights.law import rulebook
from services.rights.law.statuses import Sort
from tests.services.rights import worlds

RULE = rulebook.load(Path(rulebook.__file__).parents[1]).rules["social_tariff_energy"]
NOW = Period(date(2026, 11, 1), date(2026, 12, 1))
SORT = Sort(
    "IncreasedReimbursement",
    "",
    frozenset({"INCREASED_REIMBURSEMENT"}),
    several_at_once=False,
    one_at_a_time=True,
    authority=(11, 17),
)
SORTS = {"living_wage": SORT}
WANTED = frozenset({"LIVING_WAGE", "GRAPA", "RETIREMENT", "INCREASED_REIMBURSEMENT"})


def said(sector: int, begin: date, position: int, *, cancelled: bool = False) -> Statement:
    return Statement(
        ssin="ann",
        institution=Institution(sector, 1),
        data_sort="living_wage",
        status="LIVING_WAGE",
        strand="",
        period=Period(begin, date.max),
        cancelled=cancelled,
        ticket="",
        position=position,
    )


def test_a_right_names_its_sort_of_statuses_and_back() -> None:
    assert harmonised.right_of(harmonised.data_sort("social_internet")) == "social_internet"
    assert harmonised.right_of("social_internet") == ""


def test_only_what_the_rule_reads_on_those_days_is_told() -> None:
    then = Period(date(2022, 1, 1), date(2022, 2, 1))
    assert "INCREASED_REIMBURSEMENT" not in harmonised.read_by(RULE, NOW)
    assert "INCREASED_REIMBURSEMENT" in harmonised.read_by(RULE, then)
    assert "RETIREMENT" not in harmonised.read_by(RULE, NOW)


def test_of_two_sources_the_one_of_more_authority_counts_and_both_are_told() -> None:
    told = harmonised.ranked(
        [said(17, date(2026, 1, 1), 1), said(11, date(2026, 5, 1), 2)], SORTS, WANTED, NOW
    )
    assert [(r.statement.institution.sector, r.rank) for r in told] == [(17, 2), (11, 1)]


def test_what_was_cancelled_or_holds_on_other_days_is_not_told() -> None:
    statements = [
        said(11, date(2026, 5, 1), 1),
        said(11, date(2026, 5, 1), 2, cancelled=True),
        said(17, date(2027, 5, 1), 3),
    ]
    assert harmonised.ranked(statements, SORTS, WANTED, NOW) == ()


@given(worlds.statements(), worlds.periods(), st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_matters(
    statements: tuple[Statement, ...], period: Period, chance: random.Random
) -> None:
    mixed = [*statements, *statements[:2]]
    chance.shuffle(mixed)
    assert harmonised.ranked(mixed, SORTS, WANTED, period) == harmonised.ranked(
        statements, SORTS, WANTED, period
    )


@given(worlds.statements(), worlds.periods())
def test_something_counts_wherever_something_is_told(
    statements: tuple[Statement, ...], period: Period
) -> None:
    every = frozenset(s.status for s in statements)
    for person in worlds.PERSONS:
        own = [s for s in statements if s.ssin == person]
        told = harmonised.ranked(own, SORTS, every, period)
        assert not told or any(r.rank == 1 for r in harmonised.ranked(own, SORTS, every, ALL))


ALL = Period(date.min, date.max)
