"""Periods agree with the sets of days that they stand for."""

import itertools
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh import periods
from mesh.periods import ALWAYS, Period

START = date(2026, 1, 1)
DAYS = 14


@st.composite
def short(draw: st.DrawFn) -> Period:
    first = draw(st.integers(0, DAYS - 1))
    length = draw(st.integers(1, DAYS - first))
    return Period(START + timedelta(first), START + timedelta(first + length))


def days(*among: Period) -> set[date]:
    every = (START + timedelta(n) for n in range(DAYS))
    return {day for day in every if any(day in period for period in among)}


@given(short(), short())
def test_two_periods_relate_as_their_days_do(one: Period, other: Period) -> None:
    assert one.overlaps(other) == bool(days(one) & days(other))
    assert one.covers(other) == (days(other) <= days(one))
    shared = one.intersection(other)
    assert (days(shared) if shared else set()) == days(one) & days(other)
    assert days(*one.minus(other)) == days(one) - days(other)


@given(st.lists(short()))
def test_merging_keeps_the_days_and_leaves_gaps_between(among: list[Period]) -> None:
    merged = periods.merge(among)
    assert days(*merged) == days(*among)
    assert all(a.end < b.begin for a, b in itertools.pairwise(merged))


@given(short(), st.lists(short()))
def test_covered_means_every_day(period: Period, by: list[Period]) -> None:
    assert periods.covered(period, by) == (days(period) <= days(*by))


@given(short())
def test_the_wire_keeps_a_period(period: Period) -> None:
    assert periods.from_wire(periods.to_wire(period)) == period
    assert periods.from_wire(periods.to_wire(ALWAYS)) == ALWAYS


def test_a_period_does_not_end_before_it_begins() -> None:
    with pytest.raises(ValueError, match="end"):
        Period(START, START)
