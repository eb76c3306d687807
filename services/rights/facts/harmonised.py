"""Harmonised statuses: what a right's rule reads of a person, whoever said it, by rank."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from mesh.periods import Period
from services.rights.domain import Rule, Statement
from services.rights.facts import holdings
from services.rights.law.statuses import Sort

SUFFIX: Final = "_statuses"
"""Of the sort of data that carries the statuses of a right."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A status as said; 1 counts, more is overruled on some of its days."""

    statement: Statement
    rank: int


def data_sort(right: str) -> str:
    """The sort of data of the statuses on which a right rests."""
    return right + SUFFIX


def right_of(sort: str) -> str:
    """The right whose statuses a sort of data carries; empty where it carries none."""
    return sort.removesuffix(SUFFIX) if sort.endswith(SUFFIX) else ""


def read_by(rule: Rule, period: Period) -> frozenset[str]:
    """The statuses that a rule reads on those days: neither amounts nor births."""
    return frozenset(
        status
        for version in rule.versions
        if version.validity.overlaps(period)
        for fact in version.facts.values()
        if not fact.amount
        for status in fact.statuses - {holdings.BORN}
    )


def ranked(
    said: Iterable[Statement], sorts: Mapping[str, Sort], wanted: frozenset[str], period: Period
) -> tuple[Ranked, ...]:
    """The statuses wanted that hold on any of the days; of contradictions all, by authority.

    Neither the order of the statements nor repetitions matter.
    """
    standing = [s for s in holdings.last_words(said) if not s.cancelled]
    found = [
        Ranked(one, _rank(one, standing, sorts))
        for one in standing
        if one.status in wanted and one.period.overlaps(period)
    ]
    return tuple(sorted(found, key=_order))


def _order(of: Ranked) -> tuple[object, ...]:
    said = of.statement
    return (said.period, said.status, of.rank, said.institution, said.strand, said.ssin)


def _rank(one: Statement, standing: Iterable[Statement], sorts: Mapping[str, Sort]) -> int:
    sort = sorts.get(one.data_sort)
    if sort is None or not sort.one_at_a_time:
        return 1
    before = holdings.precedence(one, sort)
    return 1 + sum(
        holdings.precedence(other, sort) < before
        for other in standing
        if other.data_sort == one.data_sort and other.period.overlaps(one.period)
    )
