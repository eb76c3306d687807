"""Working days of Belgium."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rights.law import workdays

EASTERS = [
    date(1818, 3, 22), date(1943, 4, 25), date(1961, 4, 2), date(2000, 4, 23), date(2008, 3, 23),
    date(2016, 3, 27), date(2019, 4, 21), date(2024, 3, 31), date(2025, 4, 20), date(2026, 4, 5),
    date(2027, 3, 28), date(2038, 4, 25), date(2049, 4, 18), date(2285, 3, 22),
]  # fmt: skip
days = st.dates(date(1990, 1, 1), date(2150, 12, 31))


@pytest.mark.parametrize("day", EASTERS, ids=str)
def test_easter_falls_where_the_church_has_it(day: date) -> None:
    assert workdays.easter(day.year) == day


def test_the_public_holidays_of_2026() -> None:
    assert workdays.holidays(2026) == {
        date(2026, 1, 1), date(2026, 4, 6), date(2026, 5, 1), date(2026, 5, 14),
        date(2026, 5, 25), date(2026, 7, 21), date(2026, 8, 15), date(2026, 11, 1),
        date(2026, 11, 11), date(2026, 12, 25),
    }  # fmt: skip


def test_holidays_on_one_day_count_once() -> None:
    """In 2008 Ascension Day was 1 May."""
    assert len(workdays.holidays(2008)) == 9


@pytest.mark.parametrize(
    ("day", "term", "last"),
    [
        (date(2026, 11, 24), 1, date(2026, 11, 25)),
        (date(2026, 11, 27), 1, date(2026, 11, 30)),
        (date(2026, 12, 24), 1, date(2026, 12, 28)),
        (date(2026, 11, 24), 30, date(2027, 1, 7)),
        (date(2026, 4, 3), 1, date(2026, 4, 7)),
    ],
    ids=["next day", "weekend", "Christmas", "thirty", "Easter Monday"],
)
def test_a_term_ends_on_a_working_day(day: date, term: int, last: date) -> None:
    assert workdays.after(day, term) == last


@given(days, st.integers(1, 60))
def test_a_term_holds_as_many_working_days_as_it_says(day: date, term: int) -> None:
    last = workdays.after(day, term)
    between = [day + timedelta(days=n) for n in range(1, (last - day).days + 1)]
    assert sum(map(workdays.is_workday, between)) == term
    assert workdays.is_workday(last)


@given(st.integers(1583, 4099))
def test_easter_is_a_sunday_from_22_march_to_25_april(year: int) -> None:
    day = workdays.easter(year)
    assert day.weekday() == 6
    assert date(year, 3, 22) <= day <= date(year, 4, 25)
