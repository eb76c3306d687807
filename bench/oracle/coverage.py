"""How many invented citizens each branch of each rule reaches: one without any proves nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from bench.oracle.persons import TODAY
from services.rights.census import Census
from services.rights.domain import Rule
from services.rights.population import Population
from services.rights.statute import versions_known


@dataclass(frozen=True, slots=True)
class Reached:
    """A fact or a condition of a version, and how many ever have or meet it."""

    right: str
    since: str
    branch: str
    persons: int


def of(rules: Mapping[str, Rule], population: Population) -> Iterator[Reached]:
    """Every branch of the law as known on TODAY, and at last who has the right."""
    census = Census(rules, population, TODAY)
    for right, entitled in census.rights():
        for version in versions_known(rules[right], TODAY):
            since = version.validity.begin.isoformat()
            for name, held in census.facts(version).items():
                yield Reached(right, since, name, _persons(held.spans.who))
            for ground, days in census.grounded(rules[right], version):
                yield Reached(right, since, ground.text, _persons(days.who))
        yield Reached(right, "", "entitled", _persons(entitled.days.who))


def _persons(who: np.ndarray) -> int:
    return len(np.unique(who))
