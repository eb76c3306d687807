"""Terms of months, against a calendar that is walked day by day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh.periods import ALWAYS, Period
from services.rights.law import terms
from tests.services.rights import oracle

ONE = timedelta(days=1)
days = st.dates(date(1990, 1, 1), date(2050, 1, 1))
months = st.integers(0, 1200)


@given(days, months)
def test_a_term_ends_as_the_calendar_says(day: date, term: int) -> None:
    assert terms.after(day, term) == oracle.after(day, term)


@given(days, months)
def test_a_later_begin_never_ends_earlier(day: date, term: int) -> None:
    assert terms.after(day, term) <= terms.after(day + ONE, term)


@pytest.mark.parametrize(
    ("begin", "term", "over"),
    [
        (date(2026, 11, 30), 3, date(2027, 3, 1)),
        (date(2026, 11, 28), 3, date(2027, 2, 28)),
        (date(2027, 11, 29), 3, date(2028, 2, 29)),
        (date(2024, 2, 29), 12, date(2025, 3, 1)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2024, 1, 31), 1, date(2024, 3, 1)),
        (date(2024, 12, 31), 2, date(2025, 3, 1)),
        (date(2024, 3, 31), -1, date(2024, 3, 1)),
        (date(9999, 6, 1), 12, date.max),
        (date.min, 12, date.min),
        (date.max, 12, date.max),
    ],
)
def test_a_term_over_the_edges_of_months(begin: date, term: int, over: date) -> None:
    assert terms.after(begin, term) == over


@given(days, st.integers(0, 40_000))
def test_who_is_of_an_age_has_had_that_birthday(birth: date, lived: int) -> None:
    day = birth + timedelta(days=lived)
    age = terms.age(birth, day)
    assert oracle.after(birth, age * 12) <= day < oracle.after(birth, (age + 1) * 12)


@given(days, st.integers(1, 400), st.integers(1, 14), st.integers(0, 500))
def test_a_day_has_lasted_when_its_whole_term_is_over(
    begin: date, length: int, term: int, ahead: int
) -> None:
    period, day = Period(begin, begin + timedelta(days=length)), begin + timedelta(days=ahead)
    found = terms.lasted(period, term)
    assert (found is not None and day in found) == (
        day in period and oracle.after(begin, term) <= day
    )


@given(days, st.integers(1, 400), st.integers(1, 30), st.integers(-10, 1500))
def test_a_day_is_later_where_its_origin_is_in_the_days(
    begin: date, length: int, term: int, ahead: int
) -> None:
    period, day = Period(begin, begin + timedelta(days=length)), begin + timedelta(days=ahead)
    found = terms.later(period, term)
    assert (found is not None and day in found) == (oracle.origin(day, term) in period)


def test_open_ends_stay_open() -> None:
    assert terms.later(ALWAYS, 12) == ALWAYS
    assert terms.lasted(Period(date(2026, 1, 1), date.max), 3) == Period(date(2026, 4, 1), date.max)
