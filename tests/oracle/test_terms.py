"""The oracle's own date arithmetic, against cases reckoned by hand."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle import terms

DAYS = st.dates(date(1970, 1, 1), date(2100, 1, 1))


def _after(day: str, months: int) -> str:
    return str(np.datetime64(int(terms.after(np.array([terms.number(day)]), months)[0]), "D"))


@pytest.mark.parametrize(
    ("begin", "months", "over"),
    [
        ("2024-01-15", 3, "2024-04-15"),
        ("2023-11-30", 3, "2024-03-01"),
        ("2022-11-30", 3, "2023-03-01"),
        ("2024-02-29", 12, "2025-03-01"),
        ("2024-02-29", 48, "2028-02-29"),
        ("2024-10-31", 1, "2024-12-01"),
        ("1969-12-31", 2, "1970-03-01"),
    ],
)
def test_a_term_of_months_is_over(begin: str, months: int, over: str) -> None:
    assert _after(begin, months) == over


@pytest.mark.parametrize(
    ("begin", "last", "years", "end"),
    [
        ("2020-01-03", "2020-04-16", 5, "2025-01-03"),
        ("2020-01-03", "2021-01-02", 1, "2021-01-03"),
        ("2020-01-03", "2021-01-03", 1, "2022-01-03"),
        ("2020-02-29", "2021-02-28", 1, "2021-03-01"),
        ("2020-02-29", "2021-03-01", 1, "2022-03-01"),
    ],
)
def test_an_anniversary_comes_after_the_last_day(
    begin: str, last: str, years: int, end: str
) -> None:
    since, day = (np.array([terms.number(text)]) for text in (begin, last))
    assert terms.next_anniversary(since, day, years)[0] == terms.number(end)


@given(DAYS, st.integers(0, 2_000), st.integers(1, 5))
def test_an_anniversary_is_the_first_one_by_counting(begin: date, more: int, years: int) -> None:
    last = begin + timedelta(days=more)
    turn = 1
    while _after(begin.isoformat(), 12 * years * turn) <= last.isoformat():
        turn += 1
    since, day = (np.array([terms.number(each.isoformat())]) for each in (begin, last))
    found = terms.next_anniversary(since, day, years)[0]
    assert found == terms.number(_after(begin.isoformat(), 12 * years * turn))
