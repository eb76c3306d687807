"""The facts of a whole country of invented persons, in columns, one part of it at a time.

The persons are those of `nation`: each part has persons of every age, who live, are insured and
raise children together within it. A part is the same whenever it is made from the same seed.
"""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from sandbox import homes, nation
from sandbox.circumstances import (
    CIRCUMSTANCES,
    INCOME,
    INCOME_YEARS,
    ON_THE_EDGE,
    REGIONS,
    Circumstance,
)
from sandbox.homes import TODAY, YEAR, Places
from services.rights.domain import Group
from services.rights.everybody.population import Memberships, Population
from services.rights.everybody.spans import NEVER, Days, Flags, Spans, merged, number, packed

PARTS = 132
PERSONS = nation.MOST_PERSONS // PARTS
"""In each part."""
_SOME_UNKNOWN = 0.001
"""Of the births, and of the incomes of those who are known otherwise ten times as many."""


def part(seed: int, place: int) -> Population:
    """Raises ValueError beyond the last part."""
    if not 0 <= place < PARTS:
        raise ValueError(f"the country has {PARTS} parts")
    draw = np.random.default_rng([seed, place])
    numbers = np.arange(PERSONS, dtype=np.int64) * PARTS + place
    births = (number(nation.FIRST_BIRTH) + numbers // nation.A_DAY).astype(np.int32)
    living = homes.settled(draw, births)
    order = living.by_home()
    numbers, births = numbers[order], births[order]
    groups = {
        Group.DOMICILE: living.domiciles(draw),
        Group.FUND_HOUSEHOLD: living.fund_households(),
        Group.FAMILY: living.families(draw),
    }
    said = {c.status: _said(draw, births, c) for c in CIRCUMSTANCES}
    said |= _regions(draw, groups[Group.DOMICILE])
    said[INCOME] = _incomes(draw, births)
    unknown = draw.random(PERSONS) < _SOME_UNKNOWN
    return Population(
        ssins(numbers), np.where(unknown, NEVER, births).astype(np.int32), said, groups
    )


def ssins(numbers: Places) -> NDArray[np.bytes_]:
    """As `nation.ssin` gives each."""
    days, sequence = np.divmod(numbers, nation.A_DAY)
    born = np.datetime64(nation.FIRST_BIRTH, "D") + days
    month = born.astype("datetime64[M]")
    year = born.astype("datetime64[Y]").astype(np.int64) + 1970
    dated = (year % 100) * 10_000 + (month.astype(np.int64) % 12 + 1) * 100
    dated += (born - month).astype(np.int64) + 1
    nine = dated * 1000 + 2 * sequence + 1
    check = 97 - (nine + np.where(year >= 2000, 2_000_000_000, 0)) % 97
    eleven = nine * 100 + check
    digits = eleven[:, None] // 10 ** np.arange(10, -1, -1) % 10 + ord("0")
    return np.ascontiguousarray(digits.astype(np.uint8)).view("S11")[:, 0]


def _said(draw: Generator, births: Days, of: Circumstance) -> Spans:
    """The days of one status; some have it twice."""
    age = (TODAY - births) / YEAR
    fits = (age >= of.from_age) & (age < of.to_age + 8)
    who = np.flatnonzero(fits & (draw.random(len(births)) < of.share))
    first = np.maximum(number(date(2010, 1, 1)), births[who] + int(of.from_age * YEAR))
    last = np.minimum(TODAY + 90, births[who] + int(of.to_age * YEAR))
    begin = first + draw.random(len(who)) * np.maximum(last - first, 1)
    length = draw.integers(20, 1500, len(who))
    until = np.where(of.to_age < 95, births[who] + int(of.to_age * YEAR), NEVER)
    end = np.where(draw.random(len(who)) < of.running, until, np.minimum(begin + length, until))
    again = np.flatnonzero((end < TODAY) & (draw.random(len(who)) < 0.2))
    more = end[again] + draw.integers(0, 400, len(again))
    return merged(
        [
            _ordered(who, begin, end),
            _ordered(who[again], more, np.minimum(more + length[again], until[again])),
        ]
    )


def _regions(draw: Generator, domiciles: Memberships) -> dict[str, Spans]:
    shares = np.cumsum([share for _, share in REGIONS])
    addresses = int(domiciles.group.max()) + 1
    place = np.searchsorted(shares, draw.random(addresses) * shares[-1])[domiciles.group]
    return {
        status: merged([_ordered(domiciles.who[mine], domiciles.begin[mine], domiciles.end[mine])])
        for region, (status, _) in enumerate(REGIONS)
        for mine in [place == region]
    }


def _ordered(who: Places, begin: NDArray[np.number], end: NDArray[np.number]) -> Spans:
    key: Flags = begin.astype(np.int32) < end.astype(np.int32)
    found = Spans(who[key].astype(np.int32), begin[key].astype(np.int32), end[key].astype(np.int32))
    return found.at(np.argsort(packed(found.who, found.begin, found.end)))


def _incomes(draw: Generator, births: Days) -> Spans:
    """Of those of age in the year; a few are not known, a few lie on a ceiling to the cent."""
    told, values, begins, ends = [], [], [], []
    usual = np.exp(draw.normal(np.log(3_800_000), 0.5, len(births)))
    usual[births < TODAY - int(65 * YEAR)] *= 0.75
    usual[draw.random(len(births)) < 0.04] = 0
    for at, year in enumerate(INCOME_YEARS):
        begin, end = number(date(year, 1, 1)), number(date(year + 1, 1, 1))
        grown = births < end - int(18 * YEAR)
        who = np.flatnonzero(grown & (draw.random(len(births)) >= 10 * _SOME_UNKNOWN))
        cents = (usual[who] * 1.03**at * draw.uniform(0.9, 1.1, len(who))).astype(np.int64)
        edge = draw.random(len(who)) < 0.002
        cents[edge] = draw.choice(ON_THE_EDGE, int(edge.sum())) + draw.integers(
            -1, 2, int(edge.sum())
        )
        told.append(who)
        values.append(cents)
        begins.append(np.full(len(who), begin, np.int32))
        ends.append(np.full(len(who), end, np.int32))
    everybody, since = np.concatenate(told), np.concatenate(begins)
    order = np.lexsort((since, everybody))
    return Spans(
        everybody[order].astype(np.int32),
        since[order],
        np.concatenate(ends)[order],
        np.concatenate(values)[order],
    )
