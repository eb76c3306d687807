"""Quarters, written as in the names of schemas: 20234 is the last quarter of 2023."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

_WRITTEN = re.compile(r"([12][0-9]{3})([1-4])")


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """Three months of a year; its number is 1 to 4."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year}{self.number}"

    def __int__(self) -> int:
        return self.year * 10 + self.number

    def plus(self, quarters: int) -> Quarter:
        """So many quarters later; earlier where it is negative."""
        year, place = divmod(self.year * 4 + self.number - 1 + quarters, 4)
        return Quarter(year, place + 1)

    def minus(self, other: Quarter) -> int:
        """How many quarters it comes after another."""
        return (self.year - other.year) * 4 + self.number - other.number

    @property
    def begin(self) -> date:
        """Its first day."""
        return date(self.year, self.number * 3 - 2, 1)


def parse(text: str) -> Quarter:
    """Read `20234`. Raises ValueError for what is no quarter."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no quarter; write year and quarter, such as 20234")
    return Quarter(int(found[1]), int(found[2]))


def of(day: date) -> Quarter:
    """The quarter that a day is in."""
    return Quarter(day.year, (day.month + 2) // 3)
