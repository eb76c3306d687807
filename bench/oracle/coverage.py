"""How many invented citizens each branch of each rule reaches: one without any proves nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from bench.oracle.persons import TODAY
from services.rights import grid, statute, windows
from services.rights.census import Census
from services.rights.conditions import Conditions
from services.rights.derived import Derived
from services.rights.domain import Group, Rule
from services.rights.population import Population
from services.rights.roster import Roster
from services.rights.spans import FIRST, Spans, number


@dataclass(frozen=True, slots=True)
class Reached:
    """A fact or a condition of a version, and how many ever have or meet it."""

    right: str
    since: str
    branch: str
    persons: int


def of(rules: Mapping[str, Rule], population: Population) -> Iterator[Reached]:
    """Every branch of the law as known on TODAY, and at last who has the right."""
    census, derived = Census(rules, population, TODAY), Derived(population)
    until = number(windows.horizon(TODAY))
    rosters = {group: _roster(population, group) for group in Group}
    for right, entitled in census.rights():
        rule = rules[right]
        for version in statute.versions_known(rule, TODAY):
            since, roster = version.validity.begin.isoformat(), rosters[rule.group]
            facts = version.facts.items()
            for name, fact in facts:
                yield Reached(right, since, name, _persons(derived.of_persons(fact)))
            rows = {name: derived.of_rows(fact, roster) for name, fact in facts}
            for ground in version.grounds:
                met = Conditions(roster, version, FIRST, until, True, rows).met(ground.when)
                yield Reached(right, since, ground.text, _persons(met))
        derived.grant(right, entitled.had())
        yield Reached(right, "", "entitled", _persons(entitled.days))


def _roster(population: Population, group: Group) -> Roster:
    if group is Group.PERSON:
        return Roster.of_persons(population.births)
    return Roster(grid.numbered(population.groups[group]), population.births)


def _persons(days: Spans) -> int:
    return len(np.unique(days.who))
