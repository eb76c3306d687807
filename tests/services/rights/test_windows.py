"""Windows, against a calendar that is walked day by day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh.periods import Period
from services.rights.law import windows
from services.rights.law.provisions import Window
from tests.services.rights import laws, oracle

ONE = timedelta(days=1)
days = st.dates(date(2015, 1, 1), date(2026, 12, 31))


@given(laws.window, days, st.none() | st.integers(1, 2500), days, days)
def test_a_ground_opens_the_windows_that_the_calendar_says(
    window: Window, begin: date, length: int | None, since: date, until: date
) -> None:
    since, begin, until = sorted((since, begin, until))
    until += ONE
    end = date.max if length is None else begin + timedelta(days=length)
    found = windows.opened(window, Period(begin, end), since, until)
    counted = [begin + n * ONE for n in range((min(end, until) - begin).days)]
    expected = [
        (max(first, since), last)
        for first, last in oracle.windows(window, counted)
        if max(first, since) < last
    ]
    assert [(period.begin, period.end) for period in found] == expected


@pytest.mark.parametrize(
    ("window", "ground", "right"),
    [
        ("start_of_quarter end_of_year", "2026-11-10 2026-11-25", "2026-10-01 2027-01-01"),
        ("first_day last_day", "2026-11-10 2026-11-25", "2026-11-10 2026-11-25"),
        ("first_day end_of_next_year", "2024-02-29 2024-03-01", "2024-02-29 2026-01-01"),
        ("first_day anniversary", "2024-02-29 2025-03-01", "2024-02-29 2025-03-01"),
        ("first_day anniversary", "2024-02-29 2025-03-02", "2024-02-29 2026-03-01"),
        ("first_day fifth_anniversary", "2020-05-01 2025-05-02", "2020-05-01 2030-05-01"),
        ("start_of_next_month end_of_month", "2026-11-10 2026-12-02", "2026-12-01 2027-01-01"),
        ("start_of_next_month end_of_month", "2026-11-10 2026-11-12", ""),
    ],
)
def test_windows_at_their_edges(window: str, ground: str, right: str) -> None:
    opening = Window(*window.split())
    found = windows.opened(opening, period(ground), date(2020, 1, 1), date(2030, 1, 1))
    assert found == ((period(right),) if right else ())


def period(of: str) -> Period:
    return Period(*map(date.fromisoformat, of.split()))
