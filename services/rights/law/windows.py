"""Windows: from the days of a ground to the days of a right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Final

from mesh.periods import Period
from services.rights.law import terms
from services.rights.law.provisions import Window


def day(only: date) -> Period:
    """One day as a period."""
    return Period(only, only + timedelta(days=1))


def start_of_month(first_day: date) -> date:
    return first_day.replace(day=1)


def start_of_quarter(first_day: date) -> date:
    return first_day.replace(month=(first_day.month - 1) // 3 * 3 + 1, day=1)


def start_of_year(first_day: date) -> date:
    return first_day.replace(month=1, day=1)


def start_of_next_month(first_day: date) -> date:
    return terms.after(first_day.replace(day=1), 1)


def end_of_month(_: date, last_day: date) -> date:
    return terms.after(last_day.replace(day=1), 1)


def end_of_quarter(_: date, last_day: date) -> date:
    return terms.after(start_of_quarter(last_day), 3)


def end_of_year(_: date, last_day: date) -> date:
    """The 1 January after it: the first day on which the right no longer holds."""
    return date(last_day.year + 1, 1, 1)


def end_of_next_year(_: date, last_day: date) -> date:
    return date(last_day.year + 2, 1, 1)


def anniversary(first_day: date, last_day: date, years: int = 1) -> date:
    """The first day after `last_day` on which whole terms of so many years are over."""
    turns = max((last_day.year - first_day.year) // years, 0)
    while (end := terms.after(first_day, turns * years * 12)) <= last_day:
        turns += 1
    return end


def horizon(today: date) -> date:
    """The day up to which rights are decided: the next 1 January. Running grounds wait there."""
    return date(today.year + 1, 1, 1)


BEGINS: Final[dict[str, Callable[[date], date]]] = {
    "first_day": lambda first_day: first_day,
    "start_of_month": start_of_month,
    "start_of_next_month": start_of_next_month,
    "start_of_quarter": start_of_quarter,
    "start_of_year": start_of_year,
}
"""From the first day on which the ground holds."""

ENDS: Final[dict[str, Callable[[date, date], date]]] = {
    "last_day": lambda _, last_day: last_day + timedelta(days=1),
    "end_of_month": end_of_month,
    "end_of_quarter": end_of_quarter,
    "end_of_year": end_of_year,
    "end_of_next_year": end_of_next_year,
    "anniversary": anniversary,
    "fifth_anniversary": lambda first_day, last_day: anniversary(first_day, last_day, 5),
}
"""From the first and the last day on which the ground holds, to the first without the right."""


def opened(window: Window, ground: Period, since: date, until: date) -> tuple[Period, ...]:
    """The days of the right that follow from unbroken days of a ground.

    A begin never lies before `since`, the first day of the rule. A ground that runs beyond the
    horizon `until` counts up to it. `ground` must begin before `until`, and not before `since`.
    """
    counted = Period(ground.begin, min(ground.end, until))
    grounds = reference_days(window.on, counted) if window.on else (counted,)
    made = (_opened(window, each, since) for each in grounds)
    return tuple(period for period in made if period is not None)


def reference_days(on: str, within: Period) -> Iterator[Period]:
    """That day of each year (`MM-DD`, no 29 February), within bounded days."""
    month, number = map(int, on.split("-"))
    for year in range(within.begin.year, within.end.year + 1):
        if (each := date(year, month, number)) in within:
            yield day(each)


def _opened(window: Window, ground: Period, since: date) -> Period | None:
    last_day = ground.end - timedelta(days=1)
    begin = max(BEGINS[window.begin](ground.begin), since)
    end = ENDS[window.until](ground.begin, last_day)
    return Period(begin, end) if begin < end else None
