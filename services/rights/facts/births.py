"""Births: the day in a person's number stands in where nobody said it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from mesh.identification import birth_date
from mesh.institutions import Institution
from mesh.periods import Period
from services.rights.domain import Statement
from services.rights.facts import holdings
from services.rights.facts.holdings import BORN

REGISTER = Institution(0, 0)
PARTICULARS = "particulars"
Facts = Mapping[str, tuple[Statement, ...]]


def completed(facts: Facts, ssins: Iterable[str]) -> dict[str, tuple[Statement, ...]]:
    """What holds of those persons, with the birth that each number tells where none was said."""
    found = dict(facts)
    for ssin in ssins:
        said = found.get(ssin, ())
        if holdings.birth(said) is None and (day := birth_date(ssin)) is not None:
            found[ssin] = (_of_number(ssin, day), *said)
    return found


def _of_number(ssin: str, day: date) -> Statement:
    return Statement(
        ssin=ssin,
        institution=REGISTER,
        data_sort=PARTICULARS,
        status=BORN,
        strand="",
        period=Period(day, date.max),
        cancelled=False,
        ticket="",
        position=0,
    )
