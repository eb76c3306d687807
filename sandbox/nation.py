"""A whole country of invented persons, each known where somebody of that age would be."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

FIRST_BIRTH = date(1935, 1, 1)
BIRTH_DAYS = 33_000
"""Days on which somebody is born, up to the spring of 2025."""
A_DAY = 400
"""Persons born on one day, so that the country has room for 13 million."""
MOST_PERSONS = BIRTH_DAYS * A_DAY
LINES_A_PERSON = 6
CHUNK = 5_000
RECORDED = "2026-01-01 00:00:00+00"
NOW_ON = "9999-12-31"
ADULT_DAYS, PENSION_DAYS = 18 * 365, 65 * 365
TODAY = date(2026, 1, 1)
CHILD = ((7, 1, 101), (7, 1, 104), (11, 2, 1), (21, 0, 0))
WORKER = ((12, 0, 10), (12, 0, 30), (10, 1, 10), (14, 0, 10))
PENSIONER = ((5, 0, 20), (5, 0, 100), (14, 0, 10), (21, 0, 0))
"""Sector, number and quality of four lines by age; the National Register and a health fund
know everybody."""


def ssin(number: int) -> str:
    """The number of the person with this place in the country, from 0; each differs."""
    day, sequence = divmod(number, A_DAY)
    born = FIRST_BIRTH + timedelta(days=day)
    nine = int(f"{born:%y%m%d}") * 1000 + 2 * sequence + 1
    check = 97 - (nine + (2_000_000_000 if born.year >= 2000 else 0)) % 97
    return f"{nine:09d}{check:02d}"


def chunks(first: int, last: int) -> Iterator[bytes]:
    """The lines of the persons from `first` up to but not including `last`, as COPY reads them.

    Every person has LINES_A_PERSON lines. Raises ValueError where the country has no room.
    """
    if not 0 <= first <= last <= MOST_PERSONS:
        raise ValueError(f"the country has room for {MOST_PERSONS} persons")
    for begin in range(first, last, CHUNK):
        yield "".join(map(_lines, range(begin, min(begin + CHUNK, last)))).encode()


def _lines(number: int) -> str:
    born = FIRST_BIRTH + timedelta(days=number // A_DAY)
    who, since, age = ssin(number), born.isoformat(), (TODAY - born).days
    known = CHILD if age < ADULT_DAYS else WORKER if age < PENSION_DAYS else PENSIONER
    tail = f"\t0\t{since}\t{NOW_ON}\t{RECORDED}\n"
    return f"{who}\t0\t0\t0{tail}{who}\t11\t1\t1{tail}" + "".join(
        f"{who}\t{sector}\t{place}\t{quality}{tail}" for sector, place, quality in known
    )
