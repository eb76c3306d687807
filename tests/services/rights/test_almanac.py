"""Terms and windows in columns are those of one day at a time."""

from __future__ import annotations

from datetime import date

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from services.rights import almanac, spans, terms, windows
from services.rights.spans import Days

days = st.lists(st.dates() | st.sampled_from([date.min, date.max, date(2024, 2, 29)]), min_size=1)
near = st.lists(st.dates(date(1900, 1, 1), date(2090, 1, 1)), min_size=1)


def columns(of: list[date]) -> Days:
    return np.array([spans.number(day) for day in of], np.int32)


def dates(of: Days) -> list[date]:
    return [spans.day(int(day)) for day in of]


@settings(deadline=None)
@given(days, st.integers(1, 1200))
def test_terms(of: list[date], months: int) -> None:
    assert dates(almanac.after(columns(of), months)) == [terms.after(day, months) for day in of]


@settings(deadline=None)
@given(near, st.sampled_from(sorted(windows.BEGINS)))
def test_windows_begin(of: list[date], window: str) -> None:
    expected = [windows.BEGINS[window](day) for day in of]
    assert dates(almanac.begins(window, columns(of))) == expected


@settings(deadline=None)
@given(near, near, st.sampled_from(sorted(windows.ENDS)))
def test_windows_end(one: list[date], other: list[date], window: str) -> None:
    pairs = [(min(a, b), max(a, b)) for a, b in zip(one, other, strict=False)]
    first, last = columns([a for a, _ in pairs]), columns([b for _, b in pairs])
    expected = [windows.ENDS[window](a, b) for a, b in pairs]
    assert dates(almanac.ends(window, first, last)) == expected
