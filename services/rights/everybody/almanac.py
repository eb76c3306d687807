"""The almanac: terms of months and windows in columns, as `terms` and `windows` have them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.rights.everybody.spans import FIRST, NEVER, Days

_LOW, _HIGH = -44_000, 66_000
"""Days from 1849 to 2150, looked up in tables; others are worked out."""
_LAST_MONTH = 12 * (9999 - 1970) + 11
Months = int | NDArray[np.int64]


def after(days: Days, months: int) -> Days:
    """The first day after a term of `months` that begins on each of the days."""
    return _looked_up(days, _after_table(months), lambda rest: worked_out(rest, months))


def worked_out(days: Days, months: Months) -> Days:
    """`after`, where the months differ from day to day or the days are far away."""
    month = days.astype("datetime64[D]").astype("datetime64[M]")
    place = month.astype(np.int64) + months
    day_of_month = days - _first_day(month.astype(np.int64))
    ends = np.minimum(_first_day(place) + day_of_month, _first_day(place + 1))
    ends[place > _LAST_MONTH] = NEVER
    stays = (days == FIRST) | (days == NEVER)
    return np.where(stays, days, ends).astype(np.int32)


def begins(window: str, first_days: Days) -> Days:
    """`windows.BEGINS` for each of the days."""
    if window == "first_day":
        return first_days
    return _looked_up(first_days, _begin_table(window), lambda rest: _begin(window, rest))


def ends(window: str, first_days: Days, last_days: Days) -> Days:
    """`windows.ENDS` for each pair of days."""
    match window:
        case "last_day":
            return (last_days + 1).astype(np.int32)
        case "anniversary":
            return _anniversaries(first_days, last_days, 1)
        case "fifth_anniversary":
            return _anniversaries(first_days, last_days, 5)
    return _looked_up(last_days, _end_table(window), lambda rest: _end(window, rest))


def _begin(window: str, days: Days) -> Days:
    month = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return _first_day(_BEGIN_MONTH[window](month)).astype(np.int32)


def _end(window: str, days: Days) -> Days:
    month = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return _first_day(_END_MONTH[window](month)).astype(np.int32)


_Shift = Callable[[NDArray[np.int64]], NDArray[np.int64]]
_BEGIN_MONTH: Final[dict[str, _Shift]] = {
    "start_of_month": lambda month: month,
    "start_of_next_month": lambda month: month + 1,
    "start_of_quarter": lambda month: month // 3 * 3,
    "start_of_year": lambda month: month // 12 * 12,
}
_END_MONTH: Final[dict[str, _Shift]] = {
    "end_of_month": lambda month: month + 1,
    "end_of_quarter": lambda month: month // 3 * 3 + 3,
    "end_of_year": lambda month: month // 12 * 12 + 12,
    "end_of_next_year": lambda month: month // 12 * 12 + 24,
}


def _anniversaries(first_days: Days, last_days: Days, years: int) -> Days:
    turns = np.maximum((_year(last_days) - _year(first_days)) // years, 0)
    found = worked_out(first_days, turns * (12 * years))
    while (early := np.flatnonzero(found <= last_days)).size:
        turns[early] += 1
        found[early] = worked_out(first_days[early], turns[early] * (12 * years))
    return found


def _year(days: Days) -> NDArray[np.int64]:
    return days.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64)


def _first_day(month: NDArray[np.int64]) -> NDArray[np.int64]:
    return month.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def _looked_up(days: Days, table: Days, otherwise: Callable[[Days], Days]) -> Days:
    place = days - _LOW
    outside = np.flatnonzero((place < 0) | (place >= len(table)))
    if not outside.size:
        return table[place]
    place[outside] = 0
    found = table[place]
    found[outside] = otherwise(days[outside])
    return found


_NEAR = np.arange(_LOW, _HIGH, dtype=np.int32)


@lru_cache(maxsize=256)
def _after_table(months: int) -> Days:
    return worked_out(_NEAR, months)


@lru_cache(maxsize=16)
def _begin_table(window: str) -> Days:
    return _begin(window, _NEAR)


@lru_cache(maxsize=16)
def _end_table(window: str) -> Days:
    return _end(window, _NEAR)
