"""Who has which right on the days asked, as our engine decides it, one by one or all together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bench.oracle.persons import TODAY
from mesh.institutions import Institution
from mesh.periods import Period
from services.rights.deciding.evaluation import Evaluation
from services.rights.domain import Entitlement, Household, Membership, Rule, Statement, World
from services.rights.everybody.census import Census
from services.rights.everybody.population import ROLES, Population
from services.rights.everybody.spans import NEVER, Days, number
from services.rights.facts.holdings import BORN

SOMEBODY = Institution(25, 0)
EPOCH = date(1970, 1, 1).toordinal()
AT_ONCE = 1000
"""Persons for one evaluation: what it has worked out of them is dropped after them."""
Decisions = dict[str, NDArray[np.bool_]]
"""Of each right a row a day asked, a column a person."""


def decide(
    rules: Mapping[str, Rule],
    rights: Sequence[str],
    population: Population,
    asked: NDArray[np.int64],
) -> Decisions:
    """`rights` among those of `rules`."""
    facts, homes = world(population)
    apart = np.arange(len(population)) // AT_ONCE
    return by_household(rules, rights, population, World(facts, homes), apart, asked)


def in_bulk(
    rules: Mapping[str, Rule], population: Population, asked: NDArray[np.int64]
) -> Decisions:
    """The same of all rules, with everybody worked out together."""
    decided = {}
    for right, entitled in Census(rules, population, TODAY).rights():
        days = entitled.days
        decided[right] = rows = np.zeros((len(asked), len(population)), np.bool_)
        for row, day in zip(rows, asked.tolist(), strict=True):
            row[days.who[(days.begin <= day) & (day < days.end)]] = True
    return decided


def by_household(
    rules: Mapping[str, Rule],
    rights: Sequence[str],
    population: Population,
    whole: World,
    apart: NDArray[np.int64],
    asked: NDArray[np.int64],
) -> Decisions:
    """One evaluation for all persons with the same number in `apart`, who stand together."""
    decided = {right: np.zeros((len(asked), len(population)), np.bool_) for right in rights}
    names = [ssin.decode() for ssin in population.ssins]
    ends = np.append(np.flatnonzero(np.diff(apart)) + 1, len(apart))
    for first, last in pairwise([0, *ends.tolist()]):
        evaluation = Evaluation(rules, whole, TODAY)
        for place in range(first, last):
            for right in rights:
                found = evaluation.entitlements(right, names[place])
                _mark(decided[right][:, place], found, asked)
    return decided


def world(
    population: Population,
) -> tuple[dict[str, list[Statement]], dict[str, list[Household]]]:
    """The same persons as plain statements and households."""
    names = [ssin.decode() for ssin in population.ssins]
    facts: dict[str, list[Statement]] = {name: [] for name in names}
    homes: dict[str, list[Household]] = {name: [] for name in names}
    for status, spans in population.said.items():
        values = [None] * len(spans) if spans.value is None else spans.value.tolist()
        told = zip(spans.who.tolist(), _periods(spans.begin, spans.end), values, strict=True)
        for who, period, value in told:
            facts[names[who]].append(statement(names[who], status, period, value))
    for who, birth in enumerate(population.births.tolist()):
        if birth != NEVER:
            period = Period(date.fromordinal(birth + EPOCH), date.max)
            facts[names[who]].append(statement(names[who], BORN, period))
    for household in households(population, names):
        for ssin in household.ssins:
            homes[ssin].append(household)
    return facts, homes


def statement(ssin: str, status: str, period: Period, cents: int | None = None) -> Statement:
    return Statement(ssin, SOMEBODY, "", status, status, period, False, "", 1, cents)


def households(population: Population, names: Sequence[str]) -> Iterator[Household]:
    for group, of in population.groups.items():
        members: dict[int, list[Membership]] = {}
        rows = zip(
            of.group.tolist(),
            of.who.tolist(),
            _periods(of.begin, of.end),
            of.role.tolist(),
            strict=True,
        )
        for place, who, period, role in rows:
            membership = Membership(names[who], period, ROLES[role])
            members.setdefault(place, []).append(membership)
        for found in members.values():
            yield Household(tuple(found), group=group)


def _periods(begin: Days, end: Days) -> Iterator[Period]:
    for first, last in zip(begin.tolist(), end.tolist(), strict=True):
        yield Period(date.fromordinal(first + EPOCH), date.fromordinal(last + EPOCH))


def _mark(
    column: NDArray[np.bool_], entitled: Sequence[Entitlement], asked: NDArray[np.int64]
) -> None:
    for each in entitled:
        begin, end = number(each.period.begin), number(each.period.end)
        column[np.searchsorted(asked, begin) : np.searchsorted(asked, end)] = True
