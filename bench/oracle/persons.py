"""Persons to compare on: invented citizens, some of whom are moved to where the law turns."""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from bench.oracle import components
from sandbox import citizens
from sandbox.circumstances import INCOME
from services.rights.domain import Group, Rule
from services.rights.everybody.population import ROLES, Memberships, Population
from services.rights.everybody.spans import NEVER, Days, Spans, merged, number, packed

START = date(2019, 1, 1)
"""Before it nothing is said and nobody belongs together: both sides begin there."""
TODAY = date(2026, 12, 31)
"""On which it is decided; the law known by then counts."""
SINCE = date(2021, 1, 1)
"""From when decisions are compared, up to the end of the year of TODAY."""
FIXED = (
    "2021-01-01", "2021-01-31", "2021-02-01", "2022-03-31", "2022-12-31", "2023-01-01",
    "2023-06-30", "2023-07-01", "2024-01-01", "2024-02-28", "2024-02-29", "2024-03-01",
    "2025-12-31", "2026-01-01", "2026-06-30", "2026-12-31",
)  # fmt: skip
"""Days compared for every seed: edges of years, quarters, leap days and versions of the law."""
DRAWN_DAYS = 32
MEANS = "MONTHLY_MEANS"
LATELY = (date(2021, 6, 1), date(2023, 6, 1), date(2025, 6, 1))
"""Around these days the income of some households fell."""
TURNS = ("01-01", "01-02", "12-31", "04-01", "06-30", "02-28", "03-01", "08-31", "09-01")


def made(seed: int, persons: int, rule: Rule, since: date = START) -> Population:
    """So many persons and all who belong with them, the same whenever made from the same seed.

    Nothing is said of days before `since`, and nobody belongs together on them. `rule` is the one
    whose ceilings some incomes are moved to. Raises ValueError for more
    persons than the country has.
    """
    parts = -(-persons // citizens.PERSONS)
    whole = joined([citizens.part(seed, place) for place in range(parts)])
    draw = np.random.default_rng([seed, persons])
    cut = clipped(components.only(whole, np.arange(len(whole)) < persons), since)
    said = {
        status: _turned(draw, spans, since)
        for status, spans in cut.said.items()
        if status != INCOME
    }
    said["EQUIVALENT"] = _prolonged(draw, said["LIVING_WAGE"], said["EQUIVALENT"])
    said[INCOME] = _at_ceilings(draw, cut, rule)
    said[MEANS] = _at_ceilings_of_the_month(draw, cut, rule, since)
    return Population(cut.ssins, cut.births, said, cut.groups)


def asked(seed: int) -> NDArray[np.int64]:
    """The days on which decisions are compared, in order."""
    draw = np.random.default_rng(seed)
    drawn = draw.integers(number(SINCE), number(TODAY) + 1, DRAWN_DAYS)
    fixed = [number(date.fromisoformat(day)) for day in FIXED]
    return np.unique(np.concatenate((drawn, fixed)))


def joined(parts: list[Population]) -> Population:
    """Several populations as one; nobody of one belongs with anybody of another."""
    if len(parts) == 1:
        return parts[0]
    offsets = np.cumsum([0, *(len(part) for part in parts)])[:-1]
    return Population(
        np.concatenate([part.ssins for part in parts]),
        np.concatenate([part.births for part in parts]),
        {status: _chained([p.said[status] for p in parts], offsets) for status in parts[0].said},
        {group: _beside([p.groups[group] for p in parts], offsets) for group in parts[0].groups},
    )


def clipped(whole: Population, start: date) -> Population:
    """What holds from a day on."""
    since = number(start)
    groups = {}
    for group, members in whole.groups.items():
        kept = _members(members, members.end > since)
        begin = np.maximum(kept.begin, since).astype(np.int32)
        groups[group] = Memberships(kept.group, kept.who, begin, kept.end, kept.role)
    said = {s: spans.within(since, NEVER) for s, spans in whole.said.items() if s != INCOME}
    return Population(whole.ssins, whole.births, said | {INCOME: whole.said[INCOME]}, groups)


def _members(of: Memberships, kept: NDArray[np.bool_]) -> Memberships:
    return Memberships(of.group[kept], of.who[kept], of.begin[kept], of.end[kept], of.role[kept])


def _chained(parts: list[Spans], offsets: NDArray[np.int64]) -> Spans:
    who = [part.who + offset for part, offset in zip(parts, offsets, strict=True)]
    values = [part.value for part in parts if part.value is not None]
    return Spans(
        np.concatenate(who).astype(np.int32),
        np.concatenate([part.begin for part in parts]),
        np.concatenate([part.end for part in parts]),
        np.concatenate(values) if values else None,
    )


def _beside(parts: list[Memberships], offsets: NDArray[np.int64]) -> Memberships:
    after = np.cumsum([0, *(int(part.group.max()) + 1 for part in parts)])[:-1]
    group = [part.group + more for part, more in zip(parts, after, strict=True)]
    who = [part.who + more for part, more in zip(parts, offsets, strict=True)]
    return Memberships(
        np.concatenate(group).astype(np.int32),
        np.concatenate(who).astype(np.int32),
        np.concatenate([part.begin for part in parts]),
        np.concatenate([part.end for part in parts]),
        np.concatenate([part.role for part in parts]),
    )


def _turned(draw: Generator, spans: Spans, since: date) -> Spans:
    """One begin and one end in eight lie on a day of the year on which something turns."""
    days = np.array(
        [
            [number(date.fromisoformat(f"{year}-{turn}")) for turn in TURNS]
            for year in range(since.year, TODAY.year + 1)
        ]
    )
    begin, end = (_snapped(draw, each, days.ravel()) for each in (spans.begin, spans.end))
    kept = begin < end
    return _in_order(spans.who[kept], begin[kept], end[kept])


def _snapped(draw: Generator, days: Days, turns: NDArray[np.int64]) -> Days:
    moved = np.flatnonzero((draw.random(len(days)) < 1 / 8) & (days < number(TODAY)))
    found = days.copy()
    found[moved] = draw.choice(turns, len(moved))
    return found


def _prolonged(draw: Generator, wages: Spans, equivalents: Spans) -> Spans:
    """Equivalent aid that follows a living wage at once, or after a day, for three months or so."""
    some = np.flatnonzero((draw.random(len(wages)) < 0.3) & (wages.end < number(TODAY)))
    begin = wages.end[some] + draw.integers(0, 2, len(some))
    end = begin + draw.integers(88, 94, len(some))
    return _in_order(
        np.concatenate((equivalents.who, wages.who[some])),
        np.concatenate((equivalents.begin, begin)),
        np.concatenate((equivalents.end, end)),
    )


def _in_order(who: NDArray[np.integer], begin: NDArray[np.integer], end: Days) -> Spans:
    found = Spans(who.astype(np.int32), begin.astype(np.int32), end.astype(np.int32))
    return merged([found.at(np.argsort(packed(found.who, found.begin, found.end)))])


def _at_ceilings(draw: Generator, whole: Population, rule: Rule) -> Spans:
    """Of a household in twenty the last income makes the sum a ceiling, or a cent besides it."""
    incomes = whole.said[INCOME]
    assert incomes.value is not None
    value = incomes.value.copy()
    (version,) = rule.versions
    for begin in np.unique(incomes.begin):
        year = date.fromordinal(int(begin) + date(1970, 1, 1).toordinal()).year + 1
        law = version.params_on(date(year, 1, 1))
        rows = np.flatnonzero(incomes.begin == begin)
        household = _household_on(whole, date(year, 7, 1))[incomes.who[rows]]
        rows, household = rows[household >= 0], household[household >= 0]
        size = np.bincount(_present(whole, date(year, 7, 1)), minlength=household.max() + 1)
        total = np.bincount(household, weights=value[rows], minlength=len(size))
        _, last = np.unique(household[::-1], return_index=True)
        last = len(household) - 1 - last
        chosen = last[draw.random(len(last)) < 1 / 20]
        ceiling = law["ceiling"] + law["extra"] * (size[household[chosen]] - 1)
        others = total[household[chosen]].astype(np.int64) - value[rows[chosen]]
        wanted = ceiling - others + draw.integers(-1, 2, len(chosen))
        value[rows[chosen[wanted >= 0]]] = wanted[wanted >= 0]
    return Spans(incomes.who, incomes.begin, incomes.end, value)


def _at_ceilings_of_the_month(draw: Generator, whole: Population, rule: Rule, since: date) -> Spans:
    """One household in thirty declares for the month what is near a twelfth of the ceiling."""
    (version,) = rule.versions
    members = whole.groups[Group.FUND_HOUSEHOLD]
    told: list[tuple[NDArray[np.int64], ...]] = []
    for day in (day for day in LATELY if day >= since):
        at, law = number(day), version.params_on(day)
        there = (members.begin <= at) & (at < members.end)
        size = np.bincount(members.group[there])
        some = (draw.random(len(size)) < 1 / 30) & (size > 0)
        must = there & (members.role != ROLES.index("DEPENDANT"))
        heads = np.flatnonzero(must & some[np.where(there, members.group, 0)])
        group = members.group[heads]
        ceiling = law["current_ceiling"] + law["current_extra"] * (size - 1)
        share = ceiling[group] // 12 // np.bincount(group, minlength=len(size))[group]
        cents = share + draw.integers(-1, 3, len(heads))
        begin = at - draw.integers(0, 150, len(size))[group]
        end = at + draw.integers(1, 400, len(size))[group]
        told.append((members.who[heads].astype(np.int64), begin, end, cents))
    who, begin, end, cents = (np.concatenate(column) for column in zip(*told, strict=True))
    order = np.lexsort((begin, who))
    days = (begin[order].astype(np.int32), end[order].astype(np.int32))
    said = Spans(who[order].astype(np.int32), *days, cents[order])
    return said.within(number(since), NEVER)


def _household_on(whole: Population, day: date) -> NDArray[np.int64]:
    """Of each person that of the health fund; -1 for none."""
    members, at = whole.groups[Group.FUND_HOUSEHOLD], number(day)
    there = (members.begin <= at) & (at < members.end)
    found = np.full(len(whole), -1, np.int64)
    found[members.who[there]] = members.group[there]
    return found


def _present(whole: Population, day: date) -> NDArray[np.int64]:
    found = _household_on(whole, day)
    return found[found >= 0]
