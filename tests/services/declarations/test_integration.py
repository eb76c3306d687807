"""Days gained and lost, against counting days one by one."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mesh.periods import Period
from services.declarations import integration

START = date(2026, 11, 1)
period = st.builds(
    lambda begin, length: Period(
        START + timedelta(days=begin), START + timedelta(days=begin + length)
    ),
    st.integers(0, 30),
    st.integers(1, 15),
)


def days(periods: list[Period]) -> set[date]:
    return {
        p.begin + timedelta(days=number)
        for p in periods
        for number in range((p.end - p.begin).days)
    }


@given(st.lists(period, max_size=6), st.lists(period, max_size=6))
def test_days_gained_are_those_of_after_that_were_not_before(
    before: list[Period], after: list[Period]
) -> None:
    gained = list(integration.gained(before, after))
    assert days(gained) == days(after) - days(before)
    assert all(not a.touches(b) for a in gained for b in gained if a is not b)
