"""Derived facts in columns: the days that rules give to what was said and granted."""

from __future__ import annotations

import numpy as np

from services.rights.domain import Fact
from services.rights.everybody import almanac, spans
from services.rights.everybody.population import Population
from services.rights.everybody.roster import Roster
from services.rights.everybody.spans import NEVER, NONE, Spans


class Derived:
    """The facts of a population, each worked out once; by person, or by row of a roster."""

    def __init__(self, population: Population) -> None:
        self._population = population
        self._of_persons: dict[Fact, Spans] = {}
        self._of_rows: dict[tuple[Fact, int], Spans] = {}
        self._granted: dict[str, Spans] = {}

    def grant(self, right: str, days: Spans) -> None:
        """Whoever reads the right reads it from now on."""
        self._granted[right] = days

    def of_rows(self, fact: Fact, roster: Roster) -> Spans:
        """On the days of each membership."""
        key = (fact, id(roster))
        if key not in self._of_rows:
            self._of_rows[key] = roster.joined(self.of_persons(fact))
        return self._of_rows[key]

    def of_persons(self, fact: Fact) -> Spans:
        """As `Evaluation.days` has them; amounts in order."""
        if fact not in self._of_persons:
            self._of_persons[fact] = self._worked_out(fact)
        return self._of_persons[fact]

    def _worked_out(self, fact: Fact) -> Spans:
        said = [self._said(fact, status) for status in sorted(fact.statuses)]
        if fact.amount:
            return _moved(said[0], fact.later)
        if fact.right:
            said.append(self._granted[fact.right])
        days = spans.merged(said)
        if fact.held:
            begin = almanac.after(days.begin, fact.held)
            days = _kept(Spans(days.who, begin, days.end))
        return _moved(days, fact.later)

    def _said(self, fact: Fact, status: str) -> Spans:
        said = self._population.said.get(status, NONE)
        if not fact.before_age or not len(said):
            return said
        births = self._population.births.take(said.who)
        birthday = almanac.after(births, 12 * fact.before_age)
        return said.at(np.flatnonzero((births != NEVER) & (said.begin < birthday)))


def _moved(days: Spans, months: int) -> Spans:
    if not months or not len(days):
        return days
    begin, end = almanac.after(days.begin, months), almanac.after(days.end, months)
    return _kept(Spans(days.who, begin, end, days.value))


def _kept(days: Spans) -> Spans:
    kept = days.begin < days.end
    return days if kept.all() else days.at(np.flatnonzero(kept))
