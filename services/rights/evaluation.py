"""Evaluation: from what holds of persons and their groups to the days of their rights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from itertools import pairwise

from mesh.periods import ALWAYS, Period, merge
from services.rights import holdings, scalar, terms, windows
from services.rights.domain import (
    Amounts,
    Entitlement,
    Fact,
    Ground,
    Group,
    Household,
    Membership,
    Rule,
    Statement,
    Version,
    World,
)
from services.rights.expression import Node
from services.rights.scalar import Member, Situation

Days = tuple[tuple[Period, int], ...]
"""Days of a fact: 1 where it just holds, cents where it is an amount."""


class Evaluation:
    """The rights that follow from one world, decided on one day; each is worked out once.

    Only the law known on `today` counts. Grounds that run on after the horizon are cut there
    and called renewable; grounds that begin after it wait for the next year.
    """

    def __init__(self, rules: Mapping[str, Rule], world: World, today: date) -> None:
        self._rules = rules
        self._world = world
        self._today = today
        self._until = windows.horizon(today)
        self._versions: dict[str, tuple[Version, ...]] = {}
        self._days: dict[tuple[Fact, str], Days] = {}
        self._entitled: dict[tuple[str, str], tuple[Entitlement, ...]] = {}

    def entitlements(self, right: str, person: str) -> tuple[Entitlement, ...]:
        """The days of one person's right, as the fewest periods, each with what it is worth."""
        if (right, person) not in self._entitled:
            self._entitled[right, person] = self._entitlements(self._rules[right], person)
        return self._entitled[right, person]

    def versions(self, right: str) -> tuple[Version, ...]:
        """The law as known today: until a new version is known, the one before it runs on."""
        if right not in self._versions:
            self._versions[right] = versions_known(self._rules[right], self._today)
        return self._versions[right]

    def due(self, right: str, person: str) -> date | None:
        """The 1 January on which the right must be looked at again if nothing is said till then."""
        grounded = [
            days
            for version in self.versions(right)
            for ground in version.grounds
            for days in self.grounded(right, version, ground, person)
        ]
        if any(days.end > self._until for days in grounded):
            return self._until
        cuts = [day for day in self._ahead(right, person) if self._until <= day < date.max]
        return date(min(cuts).year, 1, 1) if cuts else None

    def grounded(
        self, right: str, version: Version, ground: Ground, person: str
    ) -> tuple[Period, ...]:
        """The days on which the condition is met for a person, as the fewest periods."""
        return merge(
            segment
            for household in groups(self._rules[right], person, self._world)
            for segment in self.segments(version, household)
            if _belongs(person, household, segment)
            and scalar.evaluate(
                ground.when, self.situation(version, household, segment.begin, person)
            )
        )

    def situation(
        self, version: Version, household: Household, day: date, person: str
    ) -> Situation:
        """The group on one day, in the words of the formula."""
        members = {ssin: self._member(version, m, day) for ssin, m in present(household, day)}
        return Situation(
            tuple(members.values()), version.params_on(day), members.get(person, scalar.NOBODY)
        )

    def segments(self, version: Version, household: Household) -> tuple[Period, ...]:
        """The version's days, cut wherever a membership, a fact, an age or a parameter changes."""
        begin, end = version.validity.begin, version.validity.end
        inside = {day for day in self._cuts(version, household) if begin < day < end}
        return tuple(Period(b, e) for b, e in pairwise([begin, *sorted(inside), end]))

    def days(self, fact: Fact, person: str) -> Days:
        """On which days a person has a fact, and what it amounts to."""
        if (fact, person) not in self._days:
            self._days[fact, person] = tuple(self._derived(fact, person))
        return self._days[fact, person]

    def _entitlements(self, rule: Rule, person: str) -> tuple[Entitlement, ...]:
        since = rule.versions[0].validity.begin
        opened = [
            Entitlement(period, days.end > self._until, days, version.name)
            for version in self.versions(rule.id)
            for ground in version.grounds
            for days in self.grounded(rule.id, version, ground, person)
            if days.begin < self._until
            for period in windows.opened(ground.window, days, since, self._until)
        ]
        return tuple(
            replace(entitled, amounts=self._amounts(rule, person, entitled.period))
            for entitled in _merged(opened)
        )

    def _amounts(self, rule: Rule, person: str, period: Period) -> Amounts:
        """What the right is worth on its days: the most of her groups, by the law of each day."""
        worth: list[tuple[Period, int]] = []
        for version in self.versions(rule.id):
            days = version.validity.intersection(period)
            if version.amount is not None and days is not None:
                worth += self._worth(rule, version, version.amount, person, days)
        return _joined_amounts(worth)

    def _worth(
        self, rule: Rule, version: Version, amount: Node, person: str, days: Period
    ) -> list[tuple[Period, int]]:
        homes = groups(rule, person, self._world)
        cuts = {d for home in homes for s in self.segments(version, home) for d in (s.begin, s.end)}
        inside = sorted(day for day in cuts if days.begin < day < days.end)
        return [
            (Period(begin, end), self._worth_on(version, amount, person, homes, begin))
            for begin, end in pairwise([days.begin, *inside, days.end])
        ]

    def _worth_on(
        self, version: Version, amount: Node, person: str, homes: Iterable[Household], day: date
    ) -> int:
        there = [h for h in homes if any(ssin == person for ssin, _ in present(h, day))]
        alone = Household((Membership(person, ALWAYS),))
        return max(
            scalar.evaluate(amount, self.situation(version, home, day, person))
            for home in there or [alone]
        )

    def _derived(self, fact: Fact, person: str) -> Iterable[tuple[Period, int]]:
        if fact.amount:
            held = [(s.period, s.amount) for s in self._said(fact, person) if s.amount is not None]
            moved = ((terms.later(period, fact.later), cents) for period, cents in held)
            return [(period, cents) for period, cents in moved if period is not None]
        days = merge([s.period for s in self._said(fact, person)] + self._granted(fact, person))
        lasting = (terms.lasted(period, fact.held) for period in days)
        moved_days = (terms.later(period, fact.later) for period in lasting if period is not None)
        return [(period, 1) for period in moved_days if period is not None]

    def _said(self, fact: Fact, person: str) -> list[Statement]:
        said = self._world.facts.get(person, ())
        found = [s for s in said if s.status in fact.statuses]
        if not fact.before_age:
            return found
        birth = holdings.birth(said)
        birthday = date.min if birth is None else terms.after(birth, fact.before_age * 12)
        return [s for s in found if s.period.begin < birthday]

    def _granted(self, fact: Fact, person: str) -> list[Period]:
        """The days of another right; one whose ground runs on is had as far as can be seen."""
        if not fact.right:
            return []
        return [
            Period(e.period.begin, date.max) if e.renewable else e.period
            for e in self.entitlements(fact.right, person)
        ]

    def _member(self, version: Version, membership: Membership, day: date) -> Member:
        facts, amounts = [], {}
        for name, fact in version.facts.items():
            for period, value in self.days(fact, membership.ssin):
                if day in period:
                    if fact.amount:
                        amounts[name] = value
                    else:
                        facts.append(name)
        birth = holdings.birth(self._world.facts.get(membership.ssin, ()))
        age = terms.age(birth, day) if birth is not None and birth <= day else None
        return Member(frozenset(facts), amounts, age, membership.role)

    def _cuts(self, version: Version, household: Household) -> Iterable[date]:
        for membership in household.members:
            yield from (membership.period.begin, membership.period.end)
        for ssin in household.ssins:
            for fact in version.facts.values():
                for period, _ in self.days(fact, ssin):
                    yield from (period.begin, period.end)
            birth = holdings.birth(self._world.facts.get(ssin, ()))
            if birth is not None:
                yield birth
                yield from (terms.after(birth, years * 12) for years in version.ages)
        for values in version.params.values():
            yield from (value.begin for value in values)

    def _ahead(self, right: str, person: str) -> Iterable[date]:
        for version in self.versions(right):
            for household in groups(self._rules[right], person, self._world):
                yield from self._cuts(version, household)


def versions_known(rule: Rule, today: date) -> tuple[Version, ...]:
    """The versions and the values of their parameters that are known by a day."""
    known = [v for v in rule.versions if v.known_from <= today]
    ends = [*(later.validity.begin for later in known[1:]), date.max]
    return tuple(
        replace(
            version,
            validity=Period(version.validity.begin, end),
            params={
                name: tuple(v for v in values if v.known_from <= today)
                for name, values in version.params.items()
            },
        )
        for version, end in zip(known, ends, strict=True)
    )


def groups(rule: Rule, person: str, world: World) -> tuple[Household, ...]:
    """The groups of a person over time, as the rule means them; herself where none is known."""
    if rule.group is Group.PERSON:
        return (Household((Membership(person, ALWAYS),), group=Group.PERSON),)
    return tuple(
        h for h in world.homes.get(person, ()) if h.group is rule.group and person in h.ssins
    )


def present(household: Household, day: date) -> tuple[tuple[str, Membership], ...]:
    """Who belongs to it on a day, and as what, in order of number."""
    there = {m.ssin: m for m in sorted(household.members) if day in m.period}
    return tuple(sorted(there.items()))


def _belongs(person: str, household: Household, segment: Period) -> bool:
    return any(m.ssin == person and m.period.covers(segment) for m in household.members)


def _merged(opened: Iterable[Entitlement]) -> tuple[Entitlement, ...]:
    """Neighbours made one; the ground that reaches furthest explains them."""
    merged: list[Entitlement] = []
    for entitlement in sorted(opened, key=lambda e: (e.period, e.ground, e.version)):
        if merged and merged[-1].period.touches(entitlement.period):
            merged[-1] = _joined(merged[-1], entitlement)
        else:
            merged.append(entitlement)
    return tuple(merged)


def _joined(one: Entitlement, other: Entitlement) -> Entitlement:
    further = max(one, other, key=lambda e: (e.ground.end, e.ground.begin, e.version))
    return Entitlement(
        Period(one.period.begin, max(one.period.end, other.period.end)),
        one.renewable or other.renewable,
        further.ground,
        further.version,
    )


def _joined_amounts(worth: list[tuple[Period, int]]) -> Amounts:
    joined: list[tuple[Period, int]] = []
    for period, cents in sorted(worth):
        if joined and joined[-1][1] == cents and joined[-1][0].end == period.begin:
            joined[-1] = (Period(joined[-1][0].begin, period.end), cents)
        else:
            joined.append((period, cents))
    return tuple(joined)
