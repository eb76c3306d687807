"""Evaluation against an oracle that looks at every single day, in whatever order things come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from mesh.periods import Period
from services.rights import evaluation
from services.rights.domain import Household, Statement
from tests.services.rights import worlds

ONE = timedelta(days=1)
PROTECTED = {"LIVING_WAGE", "GRAPA"}
EXTENDED = {"INCREASED_REIMBURSEMENT"}
Facts = Mapping[str, Sequence[Statement]]


@settings(max_examples=80, deadline=None)
@given(worlds.households(), worlds.statements(), worlds.days, st.sampled_from(worlds.PERSONS))
def test_every_day_is_as_the_oracle_says(
    homes: tuple[Household, ...], said: tuple[Statement, ...], today: date, person: str
) -> None:
    facts = evaluation.facts_of(said)
    found = evaluation.entitlements(worlds.RULE, person, homes, facts, today)
    entitled = {day for e in found for day in every_day(e.period)}
    assert entitled == oracle(person, homes, facts, today)
    assert any(e.renewable for e in found) == any(
        holds(person, homes, facts, new_year(today) - ONE, statuses)
        and holds(person, homes, facts, new_year(today), statuses)
        for statuses in in_force(new_year(today), today)
    )
    assert all(one.period.end < other.period.begin for one, other in pairwise(found))


@settings(deadline=None)
@given(
    worlds.households(),
    worlds.statements(),
    worlds.days,
    st.sampled_from(worlds.PERSONS),
    st.randoms(use_true_random=False),
)
def test_neither_order_nor_repetition_matters(
    homes: tuple[Household, ...],
    said: tuple[Statement, ...],
    today: date,
    person: str,
    random: Random,
) -> None:
    shuffled = [*said, *random.sample(said, random.randint(0, len(said)))]
    random.shuffle(shuffled)
    in_order = evaluation.entitlements(worlds.RULE, person, homes, evaluation.facts_of(said), today)
    in_disorder = evaluation.entitlements(
        worlds.RULE, person, homes[::-1], evaluation.facts_of(shuffled), today
    )
    assert in_order == in_disorder


@settings(deadline=None)
@given(worlds.households(), worlds.statements(), worlds.days, st.sampled_from(worlds.PERSONS))
def test_who_is_not_due_has_the_same_rights_next_year(
    homes: tuple[Household, ...], said: tuple[Statement, ...], today: date, person: str
) -> None:
    today = max(today, date(2023, 6, 1))  # from here on no new version becomes known
    facts = evaluation.facts_of(said)
    if evaluation.is_due(worlds.RULE, person, homes, facts, today):
        return
    assert evaluation.entitlements(
        worlds.RULE, person, homes, facts, today
    ) == evaluation.entitlements(worlds.RULE, person, homes, facts, new_year(today))


def oracle(person: str, homes: Sequence[Household], facts: Facts, today: date) -> set[date]:
    """Each day with a ground gives its quarter so far and the rest of its year; or itself alone."""
    entitled: set[date] = set()
    for day in every_day(Period(worlds.FIRST, new_year(today))):
        grounds = in_force(day, today)
        if holds(person, homes, facts, day, grounds[0]):
            quarter = date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
            entitled |= set(every_day(Period(quarter, new_year(day))))
        if len(grounds) > 1 and holds(person, homes, facts, day, grounds[1]):
            entitled.add(day)
    return entitled


def in_force(day: date, today: date) -> list[set[str]]:
    """The grounds on a day by the law as known today."""
    extended = today >= date(2021, 1, 28) and day >= date(2021, 2, 1)
    restored = today >= date(2023, 6, 1) and day >= date(2023, 7, 1)
    return [PROTECTED, EXTENDED] if extended and not restored else [PROTECTED]


def holds(
    person: str, homes: Sequence[Household], facts: Facts, day: date, statuses: set[str]
) -> bool:
    return any(
        any(s.status in statuses and day in s.period for s in facts.get(ssin, ()))
        for home in homes
        if person in (there := evaluation.present(home, day))
        for ssin in there
    )


def new_year(day: date) -> date:
    return date(day.year + 1, 1, 1)


def every_day(period: Period) -> list[date]:
    return [period.begin + n * ONE for n in range((period.end - period.begin).days)]
