"""Questions: one formula asked of one home over time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from itertools import pairwise

from services.rights import terms
from services.rights.persons import Home, Person, Span, Stretch
from services.rights.scalar import NOBODY, Member, Situation
from services.rights.statute import Formula

DaysOf = Callable[[Person, int], tuple[Stretch, ...]]
"""The days of a fact, by its number, that a person has."""


def span(formula: Formula, home: Home, days_of: DaysOf, within: Span) -> Span | None:
    """The days among which all those lie on which a condition can be met; None: on none."""
    begin, end = within
    for need in formula.needs:
        first, last = end, begin
        for person in home.persons:
            numbers: Iterable[int] = need.rights
            if not need.said.isdisjoint(person.facts):
                numbers = (*(person.facts & need.said), *need.rights)
            for number in numbers:
                for since, until, _ in days_of(person, number):
                    first, last = min(first, since), max(last, until)
        begin, end = max(begin, first), min(end, last)
        if begin >= end:
            return None
    return begin, end


class Question:
    """One formula asked of one home."""

    __slots__ = ("_ages", "_formula", "_had", "_home", "_told")

    def __init__(self, formula: Formula, home: Home, days_of: DaysOf) -> None:
        self._formula = formula
        self._home = home
        self._ages = bool(formula.ages)
        self._had = {
            person.ssin: [
                (name, begin, end)
                for name, number in formula.facts
                for begin, end, _ in days_of(person, number)
            ]
            for person in home.persons
        }
        self._told = {
            person.ssin: [
                (name, begin, end, cents)
                for name, number in formula.amounts
                for begin, end, cents in days_of(person, number)
            ]
            for person in home.persons
        }

    def bounds(self, within: Span) -> list[date]:
        """The days on which the answer can change, with the first and the last of all."""
        days = set(self._home.bounds)
        for had in self._had.values():
            for _, begin, end in had:
                days.add(begin)
                days.add(end)
        for told in self._told.values():
            for _, begin, end, _ in told:
                days.add(begin)
                days.add(end)
        if self._ages:
            for birth in {p.birth for p in self._home.persons if p.birth is not None}:
                days.add(birth)
                days.update(terms.after(birth, years * 12) for years in self._formula.ages)
        days.update(day for day, _ in self._formula.steps)
        first, last = within
        return [first, *sorted(day for day in days if first < day < last), last]

    def situation(self, day: date, ssin: str) -> Situation:
        """The home on a day, in the words of the formula."""
        members, herself = [], NOBODY
        for person, role in self._home.there(day):
            member = self._member(person, role, day)
            members.append(member)
            if person.ssin == ssin:
                herself = member
        return Situation(tuple(members), self._formula.params(day), herself)

    def true(self, within: Span, ssin: str) -> list[Span]:
        """When the condition is met, in the fewest spans; where it is personal, for whom."""
        found: list[Span] = []
        answer = self._formula.answer
        for begin, end in pairwise(self.bounds(within)):
            situation = self.situation(begin, ssin)
            if answer(situation, situation.person):
                if found and found[-1][1] == begin:
                    found[-1] = (found[-1][0], end)
                else:
                    found.append((begin, end))
        return found

    def _member(self, person: Person, role: str, day: date) -> Member:
        had, told = self._had[person.ssin], self._told[person.ssin]
        facts = frozenset([name for name, begin, end in had if begin <= day < end])
        amounts = {name: cents for name, begin, end, cents in told if begin <= day < end}
        age = None
        if self._ages and person.birth is not None and person.birth <= day:
            age = terms.age(person.birth, day)
        return Member(facts, amounts, age, role)
