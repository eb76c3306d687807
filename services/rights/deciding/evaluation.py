"""Evaluation: from what holds of persons and their groups to the days of their rights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from itertools import pairwise

from mesh.periods import Period
from services.rights.deciding import entitlements, persons, question
from services.rights.deciding.persons import Home, Person, Span, Stretch
from services.rights.deciding.question import Question
from services.rights.domain import Amounts, Entitlement, Group, Household, Rule, Version, World
from services.rights.facts import households
from services.rights.law import statute, windows
from services.rights.law.provisions import Ground
from services.rights.law.scalar import Situation
from services.rights.law.statute import Formula, InForce, Need

EVER: Span = (date.min, date.max)
Grounded = tuple[InForce, Ground, list[Span]]
"""A condition of a version, and when it is met."""


class Evaluation:
    """The rights that follow from one world, decided on one day; each is worked out once.

    Only the law known on `today` counts. Grounds that run on after the horizon are cut there
    and called renewable; grounds that begin after it wait for the next year.
    """

    def __init__(self, rules: Mapping[str, Rule], world: World, today: date) -> None:
        self._rules = rules
        self._law = statute.known(rules, today)
        self._world = world
        self._until = windows.horizon(today)
        self._persons: dict[str, Person] = {}
        self._homes: dict[int, Home] = {}
        self._alone_homes: dict[str, Home] = {}
        self._homes_of: dict[tuple[Group, str], tuple[Home, ...]] = {}
        self._questions: dict[tuple[Formula, Home], Question] = {}
        self._true: dict[tuple[Formula, Home, str], list[Span]] = {}
        self._grounds: dict[tuple[str, str], list[Grounded]] = {}
        self._entitled: dict[tuple[str, str], tuple[Entitlement, ...]] = {}
        self._due: dict[tuple[str, str], date | None] = {}

    def entitlements(self, right: str, person: str) -> tuple[Entitlement, ...]:
        """The days of one person's right, as the fewest periods, each with what it is worth."""
        found = self._entitled.get((right, person))
        if found is None:
            found = self._entitled[right, person] = self._entitlements(right, person)
        return found

    def versions(self, right: str) -> tuple[Version, ...]:
        """The law as known today: until a new version is known, the one before it runs on."""
        return tuple(in_force.version for in_force in self._law.of(right))

    def due(self, right: str, person: str) -> date | None:
        """The 1 January on which the right must be looked at again if nothing is said till then."""
        if (right, person) not in self._due:
            self._due[right, person] = min(self._dues(right, person), default=None)
        return self._due[right, person]

    def grounded(
        self, right: str, version: Version, ground: Ground, person: str
    ) -> tuple[Period, ...]:
        """The days on which the condition is met for a person, as the fewest periods."""
        return tuple(
            Period(begin, end)
            for in_force, found, spans in self._grounded(right, person)
            if (in_force.version.name, found) == (version.name, ground)
            for begin, end in spans
        )

    def situation(
        self, version: Version, household: Household, day: date, person: str
    ) -> Situation:
        """The group on one day, with every fact and parameter of a version in force."""
        return self._ask(self._law.whole(version), self._home(household)).situation(day, person)

    def segments(self, version: Version, household: Household) -> tuple[Period, ...]:
        """The version's days, cut wherever a membership, a fact, an age or a parameter changes."""
        asked = self._ask(self._law.whole(version), self._home(household))
        bounds = asked.bounds((version.validity.begin, version.validity.end))
        return tuple(Period(begin, end) for begin, end in pairwise(bounds))

    def _entitlements(self, right: str, person: str) -> tuple[Entitlement, ...]:
        opened = list(self._opened(right, person))
        if not opened:
            return ()
        return tuple(
            replace(entitled, amounts=self._amounts(right, person, entitled.period))
            for entitled in entitlements.merged(opened)
        )

    def _opened(self, right: str, person: str) -> Iterator[Entitlement]:
        since = self._rules[right].versions[0].validity.begin
        for in_force, ground, spans in self._grounded(right, person):
            for begin, end in spans:
                if begin >= self._until:
                    continue
                days = Period(begin, end)
                runs_on = end > self._until or (
                    end == self._until and self._goes_on(right, person, in_force)
                )
                for period in windows.opened(ground.window, days, since, self._until):
                    renewable = runs_on and period.end >= self._until
                    yield Entitlement(period, renewable, days, in_force.version.name)

    def _goes_on(self, right: str, person: str, ended: InForce) -> bool:
        """Whether the version that begins at the horizon, after `ended`, has a ground at once."""
        return ended.version.validity.end == self._until and any(
            begin == self._until
            for _, _, spans in self._grounded(right, person)
            for begin, _ in spans
        )

    def _grounded(self, right: str, person: str) -> list[Grounded]:
        """Every condition that is ever met, in the order of the rule."""
        found = self._grounds.get((right, person))
        if found is None:
            homes = self._groups(self._rules[right].group, person)
            found = self._grounds[right, person] = [
                (in_force, ground, spans)
                for in_force in (self._law.of(right) if homes else ())
                for ground, formula in in_force.grounds
                if (spans := self._met(in_force, formula, homes, person))
            ]
        return found

    def _met(
        self, in_force: InForce, formula: Formula, homes: Iterable[Home], person: str
    ) -> list[Span]:
        spans: list[Span] = []
        for home in homes:
            if true := self._true_days(in_force, formula, home, person):
                spans += persons.shared(true, home.spans(person))
        return persons.merged(spans) if spans else spans

    def _true_days(
        self, in_force: InForce, formula: Formula, home: Home, person: str
    ) -> list[Span]:
        """When the condition is met in a home; worked out once for all in it where it can be."""
        asker = ""
        if formula.personal:
            if not self._may_have(formula, home, person):
                return []
            asker = person if formula.own is None or self._has_any(formula.own, person) else ""
        key = (formula, home, asker)
        found = self._true.get(key)
        if found is None:
            validity = in_force.version.validity
            within = question.span(formula, home, self._days, (validity.begin, validity.end))
            found = [] if within is None else self._ask(formula, home, within).true(within, asker)
            self._true[key] = found
        return found

    def _may_have(self, formula: Formula, home: Home, ssin: str) -> bool:
        """Whether a person has what she herself needs, and is ever in the right role."""
        roles = not formula.roles or not formula.roles.isdisjoint(home.roles[ssin])
        return roles and all(self._has_any(need, ssin) for need in formula.herself)

    def _has_any(self, need: Need, ssin: str) -> bool:
        person = self._person(ssin)
        said = not need.said.isdisjoint(person.facts)
        return said or any(self._days(person, number) for number in need.rights)

    def _ask(self, formula: Formula, home: Home, within: Span = EVER) -> Question:
        """The same days each time, of one formula and home."""
        asked = self._questions.get((formula, home))
        if asked is None:
            asked = self._questions[formula, home] = Question(formula, home, self._days, within)
        return asked

    def _dues(self, right: str, person: str) -> Iterator[date]:
        """Of every ground that is still to come or runs on, and of the rights it rests on."""
        for _, _, spans in self._grounded(right, person):
            for begin, end in spans:
                if end > self._until:
                    yield date(max(begin, self._until).year, 1, 1)
        if reads := self._law.reads[right]:
            homes = self._groups(self._rules[right].group, person)
            for ssin in sorted({who.ssin for home in homes for who in home.persons}):
                for read in reads:
                    if (day := self.due(read, ssin)) is not None:
                        yield day

    def _amounts(self, right: str, person: str, period: Period) -> Amounts:
        """What the right is worth on its days, by the law of each day."""
        group, worth = self._rules[right].group, list[tuple[Period, int]]()
        for in_force in self._law.of(right):
            days, amount = in_force.version.validity.intersection(period), in_force.amount
            if amount is not None and days is not None:
                homes = [
                    (self._ask(amount, h), h.spans(person)) for h in self._groups(group, person)
                ]
                alone = (self._ask(amount, self._alone(person)), [EVER])
                within = (days.begin, days.end)
                worth += entitlements.worth(amount, homes, alone, person, within)
        return entitlements.schedule(worth)

    def _days(self, person: Person, number: int) -> tuple[Stretch, ...]:
        found = person.days.get(number)
        if found is None:
            fact = self._law.facts[number]
            if fact.right:
                found = person.derived(fact, self._granted(fact.right, person.ssin))
            else:
                found = person.derived(fact, ()) if number in person.facts else ()
            person.days[number] = found
        return found

    def _granted(self, right: str, ssin: str) -> Iterator[Span]:
        """The days of another right; one whose ground runs on is had as far as can be seen."""
        for e in self.entitlements(right, ssin):
            yield e.period.begin, date.max if e.renewable else e.period.end

    def _person(self, ssin: str) -> Person:
        found = self._persons.get(ssin)
        if found is None:
            found = self._persons[ssin] = Person(ssin, self._world.facts.get(ssin, ()), self._law)
        return found

    def _home(self, household: Household) -> Home:
        found = self._homes.get(id(household))
        if found is None:
            there = {m.ssin: self._person(m.ssin) for m in household.members}
            found = self._homes[id(household)] = Home(household, there)
        return found

    def _groups(self, group: Group, person: str) -> tuple[Home, ...]:
        found = self._homes_of.get((group, person))
        if found is None:
            of = households.of(group, person, self._world)
            found = (self._alone(person),) if group is Group.PERSON else tuple(map(self._home, of))
            self._homes_of[group, person] = found
        return found

    def _alone(self, person: str) -> Home:
        if person not in self._alone_homes:
            self._alone_homes[person] = self._home(households.alone(person))
        return self._alone_homes[person]
