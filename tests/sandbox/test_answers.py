"""What the sandbox's institutions answer."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from crossroads.attestations.v1 import attestations_pb2
from hypothesis import given
from hypothesis import strategies as st

from mesh import periods
from mesh.periods import ALWAYS, Period
from sandbox import answers, cast

DAYS = st.dates(date(2020, 1, 1), date(2030, 1, 1))


@st.composite
def periods_of_days(draw: st.DrawFn) -> Period:
    begin = draw(DAYS)
    return Period(begin, begin + timedelta(days=draw(st.integers(1, 900))))


@pytest.mark.parametrize("ssin", cast.HOUSEHOLD)
def test_every_member_of_a_household_is_in_the_same_one(ssin: str) -> None:
    (household,) = answers.answer("0/0", "household_composition", ssin, ALWAYS, [])
    assert isinstance(household, attestations_pb2.HouseholdComposition)
    assert [member.ssin for member in household.members] == list(cast.HOUSEHOLD)
    assert [member.relation for member in household.members] == [1, 3, 3]


def test_somebody_else_lives_alone() -> None:
    (household,) = answers.answer("0/0", "household_composition", cast.JORIS, ALWAYS, [])
    assert isinstance(household, attestations_pb2.HouseholdComposition)
    assert [member.ssin for member in household.members] == [cast.JORIS]


@given(asked=periods_of_days(), granted=st.lists(periods_of_days(), max_size=5))
def test_living_wages_are_those_of_the_days_asked_about(
    asked: Period, granted: list[Period]
) -> None:
    wages = [attestations_pb2.LivingWage(period=periods.to_wire(period)) for period in granted]
    found = answers.answer("17/1", "living_wage", cast.LINA, asked, wages)
    shares_a_day = [
        wage
        for wage, period in zip(wages, granted, strict=True)
        if max(period.begin, asked.begin) < min(period.end, asked.end)
    ]
    assert found == shares_a_day


def test_what_an_institution_does_not_hold_it_does_not_answer() -> None:
    assert answers.answer("17/1", "household_composition", cast.LINA, ALWAYS, []) == []
    assert answers.answer("5/0", "pension", cast.LINA, ALWAYS, []) == []
