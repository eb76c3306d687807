"""How many of the invented citizens each branch of each rule reaches: a branch without any is idle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bench.oracle import decided
from bench.oracle.persons import TODAY
from services.rights.domain import Rule, World
from services.rights.evaluation import Evaluation, groups
from services.rights.population import Population


@dataclass(frozen=True, slots=True)
class Reached:
    """A branch: a condition of a version, or a fact that it names; and who meets it at all."""

    right: str
    version: str
    branch: str
    persons: int


def of(rules: Mapping[str, Rule], population: Population) -> list[Reached]:
    """Every branch of the law as known on TODAY."""
    facts, homes = decided.world(population)
    evaluation = Evaluation(rules, World(facts, homes), TODAY)
    names = [ssin.decode() for ssin in population.ssins]
    found = []
    for right, rule in rules.items():
        for version in evaluation.versions(right):
            since = version.validity.begin.isoformat()
            for name, fact in version.facts.items():
                having = sum(bool(evaluation.days(fact, person)) for person in names)
                found.append(Reached(right, since, name, having))
            for ground in version.grounds:
                meeting = sum(
                    bool(evaluation.grounded(right, version, ground, person)) for person in names
                )
                found.append(Reached(right, since, ground.text, meeting))
        grouped = sum(bool(groups(rule, person, World(facts, homes))) for person in names)
        found.append(Reached(right, "", f"in a group ({rule.group})", grouped))
    return found
