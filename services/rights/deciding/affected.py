"""Affected: whose rights may change when something new is known of somebody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.rights.domain import Group, Household, Rule
from services.rights.facts.holdings import BORN

Homes = Mapping[str, Sequence[Household]]
Question = tuple[str, str]
"""A right and a person."""


@dataclass(frozen=True, slots=True)
class Touch:
    """Something new of one person: what may have been said, and which of her groups changed."""

    ssin: str
    statuses: frozenset[str]
    groups: frozenset[Group]
    cause: int
    """Where the message stands among those handled together; -1 where no message is the cause."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What follows from some touches, as far as the groups of persons are known."""

    causes: Mapping[Question, int]
    """What is to be decided again, and the last touch that reaches it."""
    unknown: frozenset[str]
    """Whose groups must be known to see further."""

    @property
    def persons(self) -> frozenset[str]:
        return frozenset(ssin for _, ssin in self.causes)


@dataclass(frozen=True, slots=True)
class Reading:
    """What must be known to decide some questions, as far as the groups of persons are known."""

    questions: frozenset[Question]
    """Those asked, and the rights of others that are facts for them."""
    persons: frozenset[str]
    """Whose facts count."""
    unknown: frozenset[str]
    """Whose groups must be known to see further."""


def reach(rules: Mapping[str, Rule], touches: Sequence[Touch], homes: Homes) -> Reach:
    """Every right that may change, and no other.

    A right may change for whoever shares a group with one of whom a fact that it reads changed,
    or a right that it reads. `homes` has the groups of before and after together; `rules` stand
    in their order, each after those that it reads.
    """
    causes: dict[str, dict[str, int]] = {}
    unknown: set[str] = set()
    for rule in rules.values():
        moved = _moved(rule, touches)
        for right in rule.rights_read:
            for ssin, cause in causes[right].items():
                moved[ssin] = max(cause, moved.get(ssin, -1))
        reached = causes[rule.id] = {}
        for ssin, cause in moved.items():
            for one in _companions(rule, ssin, homes, unknown):
                reached[one] = max(cause, reached.get(one, -1))
    return Reach(
        {(right, ssin): c for right, found in causes.items() for ssin, c in found.items()},
        frozenset(unknown),
    )


def reading(rules: Mapping[str, Rule], questions: Iterable[Question], homes: Homes) -> Reading:
    """Whose facts and groups count for some questions: those of all members, down the chain."""
    rests_on = {name: rule.rights_read for name, rule in rules.items()}
    waiting, seen = list(questions), set(questions)
    persons: set[str] = set()
    unknown: set[str] = set()
    while waiting:
        right, ssin = waiting.pop()
        members = _members(rules[right], ssin, homes, unknown)
        persons |= members
        further = {(name, one) for name in rests_on[right] for one in members} - seen
        seen |= further
        waiting += further
    return Reading(frozenset(seen), frozenset(persons), frozenset(unknown))


def in_full(
    rules: Mapping[str, Rule], causes: Mapping[Question, int], fresh: Iterable[str]
) -> dict[Question, int]:
    """With every right of those of whom none was decided before."""
    last: dict[str, int] = dict.fromkeys(fresh, -1)
    for (_, ssin), cause in causes.items():
        if ssin in last:
            last[ssin] = max(cause, last[ssin])
    return {(right, ssin): cause for ssin, cause in last.items() for right in rules} | dict(causes)


def statuses_read(rule: Rule) -> frozenset[str]:
    """What said of a member may change the right."""
    facts = [fact for version in rule.versions for fact in version.facts.values()]
    read = frozenset(status for fact in facts for status in fact.statuses)
    by_birth = any(fact.before_age for fact in facts) or any(v.ages for v in rule.versions)
    return read | {BORN} if by_birth else read


def _moved(rule: Rule, touches: Sequence[Touch]) -> dict[str, int]:
    """Of whom something changed that the rule reads, and the last touch that did."""
    read, moved = statuses_read(rule), dict[str, int]()
    for touch in touches:
        if rule.group in touch.groups or not read.isdisjoint(touch.statuses):
            moved[touch.ssin] = max(touch.cause, moved.get(touch.ssin, -1))
    return moved


def _companions(rule: Rule, ssin: str, homes: Homes, unknown: set[str]) -> set[str]:
    """All who share a day of a group with a person, herself included."""
    if rule.group is Group.PERSON:
        return {ssin}
    found = {ssin}
    for home in _of_sort(rule.group, ssin, homes, unknown):
        own = [m.period for m in home.members if m.ssin == ssin]
        found.update(m.ssin for m in home.members if any(m.period.overlaps(p) for p in own))
    return found


def _members(rule: Rule, ssin: str, homes: Homes, unknown: set[str]) -> set[str]:
    if rule.group is Group.PERSON:
        return {ssin}
    return {ssin}.union(*(h.ssins for h in _of_sort(rule.group, ssin, homes, unknown)))


def _of_sort(group: Group, ssin: str, homes: Homes, unknown: set[str]) -> list[Household]:
    found = [home for home in homes.get(ssin, ()) if home.group is group]
    if not found:
        unknown.add(ssin)
    return found
