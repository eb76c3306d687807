"""Windows: from the days of a ground to the days of a right."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

from mesh.periods import Period
from services.rights.domain import Window


def day(only: date) -> Period:
    """One day as a period."""
    return Period(only, only + timedelta(days=1))


def start_of_quarter(first_day: date) -> date:
    return first_day.replace(month=(first_day.month - 1) // 3 * 3 + 1, day=1)


def end_of_year(last_day: date) -> date:
    """The 1 January after it: the first day on which the right no longer holds."""
    return date(last_day.year + 1, 1, 1)


def end_of_next_year(last_day: date) -> date:
    return date(last_day.year + 2, 1, 1)


def horizon(today: date) -> date:
    """The day up to which rights are decided: the next 1 January. Running grounds wait there."""
    return end_of_year(today)


BEGINS: Final[dict[str, Callable[[date], date]]] = {
    "first_day": lambda first_day: first_day,
    "start_of_quarter": start_of_quarter,
}
"""From the first day on which the ground holds."""

ENDS: Final[dict[str, Callable[[date], date]]] = {
    "last_day": lambda last_day: last_day + timedelta(days=1),
    "end_of_year": end_of_year,
    "end_of_next_year": end_of_next_year,
}
"""From the last day on which the ground holds, to the first day without the right."""


def opened(window: Window, ground: Period, since: date, until: date) -> Period:
    """The days of the right that follow from unbroken days of a ground.

    The begin never lies before `since`, the first day of the rule. A ground that runs beyond
    the horizon `until` counts up to it. `ground` must begin before `until`.
    """
    last_day = min(ground.end, until) - timedelta(days=1)
    begin = max(BEGINS[window.begin](ground.begin), since)
    return Period(begin, ENDS[window.until](last_day))
