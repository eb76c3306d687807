"""Rights worked out from a day on: from then on the same as with all that was before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings

from services.rights import crowd, reach, rulebook
from services.rights.census import Census
from services.rights.domain import Household, Rule, Statement
from services.rights.entitled import Entitled
from services.rights.provisions import Window
from tests.services.rights import laws, worlds

RULES = rulebook.load(Path(rulebook.__file__).parent).rules
small = settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@dataclass(frozen=True, slots=True)
class Had:
    """What is wanted of an entitlement, of its days from a day on."""

    who: int
    begin: date
    end: date
    renewable: bool
    ground_end: date
    worth: tuple[tuple[date, date, int], ...]


def had(found: Entitled, since: date) -> list[Had]:
    return [
        Had(
            who,
            max(e.period.begin, since),
            e.period.end,
            e.renewable,
            e.ground.end,
            tuple((max(p.begin, since), p.end, cents) for p, cents in e.amounts if p.end > since),
        )
        for who, e in found.nouns()
        if e.period.end > since
    ]


@small
@given(laws.rules(), worlds.households(), worlds.statements(), worlds.days, worlds.days)
def test_what_was_before_changes_nothing(
    rules: Mapping[str, Rule],
    homes: tuple[Household, ...],
    said: tuple[Statement, ...],
    today: date,
    day: date,
) -> None:
    since = min(day, today)
    population = crowd.population(worlds.world(homes, said), worlds.PERSONS)
    whole = Census(rules, population, today, ahead=True)
    part = Census(rules, population, today, ahead=True, since=since)
    for (right, everything), (_, found) in zip(whole.rights(), part.rights(), strict=True):
        event(f"{len(found)} of {len(everything)}")
        assert had(found, since) == had(everything, since)
        assert (part.dues[right] == whole.dues[right]).all()


NEW_YEAR = date(2026, 1, 1)


@pytest.mark.parametrize(
    ("window", "first"),
    [
        (Window("first_day", "last_day"), date(2026, 1, 1)),
        (Window("start_of_quarter", "end_of_year"), date(2026, 1, 1)),
        (Window("start_of_next_month", "end_of_month"), date(2025, 12, 31)),
        (Window("first_day", "end_of_next_year"), date(2025, 1, 1)),
        (Window("first_day", "anniversary", "09-01"), date(2025, 1, 2)),
        (Window("first_day", "anniversary"), date.min),
    ],
)
def test_a_ground_counts_as_long_as_its_window_may_last(window: Window, first: date) -> None:
    assert reach.of_window(window, NEW_YEAR) == first


def test_rights_are_asked_as_far_back_as_those_that_rest_on_them() -> None:
    found = reach.back(RULES, date(2026, 1, 1))
    assert found.rights["right_to_increased_reimbursement"] == date.min  # the train card's begin
    assert found.rights["heating_fund"] == date(2026, 1, 1)
