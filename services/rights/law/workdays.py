"""Working days: neither of a weekend nor a public holiday of Belgium."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

SATURDAY = 5


@lru_cache(maxsize=256)
def holidays(year: int) -> frozenset[date]:
    """The ten public holidays of a year (law of 4 January 1974, royal decree of 18 April 1974)."""
    sunday = easter(year)
    fixed = ((1, 1), (5, 1), (7, 21), (8, 15), (11, 1), (11, 11), (12, 25))
    moving = (1, 39, 50)  # Easter Monday, Ascension Day, Whit Monday
    return frozenset(
        [
            *(date(year, month, day) for month, day in fixed),
            *(sunday + timedelta(days=days) for days in moving),
        ]
    )


def easter(year: int) -> date:
    """Easter Sunday, by the rule for the Gregorian calendar of Meeus, Jones and Butcher."""
    golden = year % 19
    century, within = divmod(year, 100)
    leaps, rest = divmod(century, 4)
    correction = (century - (century + 8) // 25 + 1) // 3
    moon = (19 * golden + century - leaps - correction + 15) % 30
    more_leaps, years = divmod(within, 4)
    to_sunday = (32 + 2 * rest + 2 * more_leaps - moon - years) % 7
    late = (golden + 11 * moon + 22 * to_sunday) // 451
    month, day = divmod(moon + to_sunday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def is_workday(day: date) -> bool:
    return day.weekday() < SATURDAY and day not in holidays(day.year)


def after(day: date, workdays: int) -> date:
    """The last day of a term of so many working days, of which the first comes after `day`."""
    while workdays:
        day += timedelta(days=1)
        workdays -= is_workday(day)
    return day
