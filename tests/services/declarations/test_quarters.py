"""Quarters of a year, at every day that a form may name."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mesh.days import FIRST, LAST
from services.declarations import quarters

DAYS = st.dates(FIRST, LAST)


@given(DAYS)
def test_a_quarter_holds_its_days_and_the_next_begins_where_it_ends(day: date) -> None:
    about = quarters.of(day)
    assert day in about.period
    assert 90 <= (about.period.end - about.period.begin).days <= 92
    assert about.next.period.begin == about.period.end
    assert quarters.parse(str(about)) == about
    assert about < about.next


@given(DAYS, st.integers(0, 40))
def test_quarters_are_counted_back_day_by_day(day: date, many: int) -> None:
    walked = day
    for _ in range(many):
        walked = quarters.of(walked).begin - timedelta(days=1)
    assert quarters.of(day).before(many) == quarters.of(walked)


def test_what_is_no_quarter_is_none() -> None:
    for text in ("20265", "20260", "2026", "2026\u0664", "00011", "99994", "9" * 5000):
        assert quarters.parse(text) is None
