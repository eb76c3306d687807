"""Quarters of the calendar, half-open."""

from __future__ import annotations

from datetime import date, timedelta

from mesh.periods import Period


def of(day: date) -> Period:
    """The quarter of a day before the year 9999."""
    begin = date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
    return Period(begin, (begin + timedelta(days=93)).replace(day=1))


def before(day: date, many: int) -> Period:
    """The quarter so many before that of a day."""
    quarter = of(day)
    for _ in range(many):
        quarter = of(quarter.begin - timedelta(days=1))
    return quarter
