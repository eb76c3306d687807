"""Terms of months: the day on which one is over, and the age that a day of birth gives."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from typing import Final

from mesh.periods import Period

SHORTEST: Final = 28
"""Every month has so many days."""


def after(day: date, months: int) -> date:
    """The first day after a term of `months` that begins on `day`.

    Where its month is too short for that day, the term ends with the month: from 30 November
    three months are over on 1 March, and who was born on 29 February comes of age on 1 March.
    The open ends stay open.
    """
    if day in (date.min, date.max):
        return day
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if years > date.max.year:
        return date.max
    if day.day <= SHORTEST:
        return date(years, month + 1, day.day)
    last = monthrange(years, month + 1)[1]
    if day.day <= last:
        return date(years, month + 1, day.day)
    return date(years, month + 1, last) + timedelta(days=1)


def earlier(day: date, months: int) -> date:
    """The last day from which a term of so many months is over on `day`."""
    guess = after(day, -months)
    while after(guess, months) > day:
        guess -= timedelta(days=1)
    return guess


def age(birth: date, day: date) -> int:
    """Completed years on a day, which lies on or after the birth."""
    before_birthday = (day.month, day.day) < (birth.month, birth.day)
    return day.year - birth.year - before_birthday


def lasted(period: Period, months: int) -> Period | None:
    """The days of a period on which it has lasted `months` in full; None where it never does."""
    begin = after(period.begin, months)
    return Period(begin, period.end) if begin < period.end else None


def later(period: Period, months: int) -> Period | None:
    """The same days `months` later; None where no day is left of them."""
    begin, end = after(period.begin, months), after(period.end, months)
    return Period(begin, end) if begin < end else None
