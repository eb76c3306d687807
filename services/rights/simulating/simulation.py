"""Simulation: the law as it would be, and for how many persons their rights would be otherwise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from services.rights.deciding.evaluation import Evaluation
from services.rights.domain import Entitlement, Rule, Version, World
from services.rights.law import rulebook, rulefile
from services.rights.law.provisions import Value
from services.rights.law.rule_versions import Library
from services.rights.law.rulefile import RuleFileError

SOURCE = "simulation"


class UnknownParameter(LookupError):  # noqa: N818 - it states what is wrong
    """No version of the rule reads a parameter of that name."""


class Difference(StrEnum):
    """What another law would do to one right of one person."""

    GRANTED = "GRANTED"
    ENDED = "ENDED"
    CHANGED = "CHANGED"


@dataclass(frozen=True, slots=True)
class OtherValue:
    """A parameter of a rule that would have another value from a day on."""

    right: str
    name: str
    begin: date
    value: int


def candidate(text: str, library: Library) -> Rule:
    """The rule that a file would hold. Raises RuleFileError with the line."""
    block = rulefile.parse(text, Path("candidate.yaml"))
    path = Path(f"{block.get_as(str, 'id')}.yaml")
    if path.name != f"{path.stem}.yaml" or not path.stem.isidentifier():
        raise block.error("`id` is a name", "id")
    named = replace(library, rights=library.rights | {path.stem})
    return rulebook.read_rule(
        rulefile.parse(text, path), named.statuses, named.params, named.rights
    )


def law(
    rules: Mapping[str, Rule], others: Iterable[OtherValue], rule: Rule | None
) -> dict[str, Rule]:
    """The rules with one in the place of its namesake, and with other values of parameters.

    Raises KeyError for a right that is not there, UnknownParameter, and RuleFileError where
    rights would rest on each other.
    """
    made = dict(rules) if rule is None else {**rules, rule.id: rule}
    for other in others:
        made[other.right] = _with_value(made[other.right], other)
    try:
        TopologicalSorter({name: made[name].rights_read for name in made}).prepare()
    except CycleError as error:
        raise RuleFileError(f"rights rest on each other: {' > '.join(error.args[1])}") from error
    return made


def depth(rules: Mapping[str, Rule]) -> int:
    """How many rights stand on each other at most: so far into the groups of groups facts reach."""
    reached: dict[str, int] = {}
    for name in TopologicalSorter({n: rules[n].rights_read for n in rules}).static_order():
        reached[name] = 1 + max((reached[read] for read in rules[name].rights_read), default=0)
    return max(reached.values(), default=0)


def differences(
    rules: Mapping[str, Rule],
    other: Mapping[str, Rule],
    world: World,
    persons: Sequence[str],
    on: date,
) -> Counter[tuple[str, Difference]]:
    """How many persons another law would grant each right to, end it for or change it for."""
    now, then = Evaluation(rules, world, on), Evaluation(other, world, on)
    found: Counter[tuple[str, Difference]] = Counter()
    for right in other:
        for person in persons:
            had = now.entitlements(right, person) if right in rules else ()
            difference = _difference(had, then.entitlements(right, person))
            if difference is not None:
                found[right, difference] += 1
    return found


def _with_value(rule: Rule, other: OtherValue) -> Rule:
    if not any(other.name in version.params for version in rule.versions):
        raise UnknownParameter(other.name)
    return replace(rule, versions=tuple(_valued(v, other) for v in rule.versions))


def _valued(version: Version, other: OtherValue) -> Version:
    values = version.params.get(other.name)
    if values is None:
        return version
    tried = Value(other.begin, other.value, SOURCE, verified=False)
    kept = [value for value in values if value.begin != other.begin]
    merged = tuple(sorted([*kept, tried], key=lambda v: (v.begin, v.known_from)))
    return replace(version, params={**version.params, other.name: merged})


def _difference(had: Sequence[Entitlement], would: Sequence[Entitlement]) -> Difference | None:
    if [_told(e) for e in had] == [_told(e) for e in would]:
        return None
    if not had:
        return Difference.GRANTED
    return Difference.CHANGED if would else Difference.ENDED


def _told(entitlement: Entitlement) -> tuple[object, ...]:
    """What of an entitlement the person notices."""
    return (entitlement.period, entitlement.amounts)
