"""Days and terms of months over whole columns, by hand: independent of what they are held against.

Days are numbers since 1970. Where a month is too short for the day, a term is over on the first
of the month after it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Days = NDArray[np.int64]


def number(text: str) -> int:
    """Of an ISO date."""
    return int(np.datetime64(text, "D").astype(np.int64))


def parts(days: Days) -> tuple[Days, Days, Days]:
    """Year, month and day of the month."""
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    since_1970 = months.astype(np.int64)
    return (
        since_1970 // 12 + 1970,
        since_1970 % 12 + 1,
        (dates - months.astype("datetime64[D]")).astype(np.int64) + 1,
    )


def first_of(month: Days) -> Days:
    """The first day of months counted from January 1970."""
    return month.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def after(days: Days, months: Days | int) -> Days:
    """The first day after terms of so many months that begin on these days."""
    year, month, day = parts(days)
    reached = (year - 1970) * 12 + month - 1 + months
    return np.minimum(first_of(reached) + day - 1, first_of(reached + 1))


def next_anniversary(begin: Days, last: Days, years: int) -> Days:
    """The first day after `last` on which whole terms of so many years since `begin` are over."""
    turns = (parts(last)[0] - parts(begin)[0]) // years
    end = after(begin, turns * years * 12)
    return np.where(end > last, end, after(begin, (turns + 1) * years * 12))
