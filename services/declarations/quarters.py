"""Quarters of a year: their number, their days, and which comes so many before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from mesh.periods import Period


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """A quarter of a year; its number is 1 to 4."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year:04d}{self.number}"

    def __int__(self) -> int:
        return self.year * 10 + self.number

    @property
    def begin(self) -> date:
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def next(self) -> Quarter:
        return self.before(-1)

    @property
    def period(self) -> Period:
        """The days of the quarter, half-open."""
        return Period(self.begin, self.next.begin)

    def before(self, many: int) -> Quarter:
        """The one so many before."""
        year, index = divmod(self.year * 4 + self.number - 1 - many, 4)
        return Quarter(year, index + 1)


def of(day: date) -> Quarter:
    """The quarter that a day lies in."""
    return Quarter(day.year, (day.month + 2) // 3)


def parse(text: str) -> Quarter | None:
    """The quarter that `20264` names; None where it names none."""
    if len(text) != 5 or not (text.isascii() and text.isdecimal()):
        return None
    year, number = int(text[:4]), int(text[4])
    return Quarter(year, number) if 1900 <= year < 9999 and 1 <= number <= 4 else None
