"""Persons and homes of one world, with their days laid out for evaluation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from services.rights.domain import Fact, Household, Statement
from services.rights.facts import holdings
from services.rights.law import terms
from services.rights.law.statute import Law

Stretch = tuple[date, date, int]
"""First day, first day no more, and 1 where a fact just holds, cents where it is an amount."""
Span = tuple[date, date]


class Person:
    """What was said of one person, by status, and the days of each fact that follow from it."""

    __slots__ = ("birth", "days", "facts", "said", "ssin")

    def __init__(self, ssin: str, said: Sequence[Statement], law: Law) -> None:
        self.ssin = ssin
        self.birth = holdings.birth(said)
        self.said: dict[str, list[Statement]] = {}
        for statement in said:
            self.said.setdefault(statement.status, []).append(statement)
        self.facts = {n for status in self.said for n in law.by_status.get(status, ())}
        """The numbers of the facts that something said may give."""
        self.days: dict[int, tuple[Stretch, ...]] = {}

    def derived(self, fact: Fact, granted: Iterable[Span]) -> tuple[Stretch, ...]:
        """The days of a fact, in order; `granted` are those of the right that it is."""
        said = [s for status in fact.statuses for s in self.said.get(status, ())]
        if fact.amount:
            told = [(s.period.begin, s.period.end, s.amount) for s in said]
            amounts = [(b, e, cents) for b, e, cents in told if cents is not None]
            if fact.later:
                amounts = [(*_later(b, e, fact.later), cents) for b, e, cents in amounts]
            return tuple(sorted((b, e, cents) for b, e, cents in amounts if b < e))
        if fact.before_age:
            said = [s for s in said if s.period.begin < self._birthday(fact.before_age)]
        spans = merged([*((s.period.begin, s.period.end) for s in said), *granted])
        if fact.held:
            spans = [(terms.after(begin, fact.held), end) for begin, end in spans]
            spans = [span for span in spans if span[0] < span[1]]
        if fact.later:
            spans = [_later(begin, end, fact.later) for begin, end in spans]
        return tuple((begin, end, 1) for begin, end in spans if begin < end)

    def _birthday(self, age: int) -> date:
        return date.min if self.birth is None else terms.after(self.birth, age * 12)


class Home:
    """A group and the persons in it."""

    __slots__ = ("facts", "household", "members", "persons", "roles", "twice")

    def __init__(self, household: Household, persons: dict[str, Person]) -> None:
        self.household = household
        self.members = [
            (persons[m.ssin], m.period.begin, m.period.end, m.role)
            for m in sorted(household.members)
        ]
        self.persons = tuple({person.ssin: person for person, *_ in self.members}.values())
        self.twice = len(self.persons) < len(self.members)
        self.roles: dict[str, set[str]] = {person.ssin: set() for person in self.persons}
        """As what each ever is in it."""
        for person, _, _, role in self.members:
            self.roles[person.ssin].add(role)
        self.facts = frozenset().union(*(person.facts for person in self.persons))
        """The numbers of the facts that something said of anybody in it may give."""

    def there(self, day: date) -> Iterable[tuple[Person, str]]:
        """Who belongs to it on a day and as what, in order of number; of two roles the last."""
        found = [(who, role) for who, begin, end, role in self.members if begin <= day < end]
        if not self.twice:
            return found
        return {who.ssin: (who, role) for who, role in found}.values()

    def spans(self, ssin: str) -> list[Span]:
        """When one belongs to it."""
        return [(begin, end) for who, begin, end, _ in self.members if who.ssin == ssin]


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same days in the fewest spans, in order."""
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            if end > found[-1][1]:
                found[-1] = (found[-1][0], end)
        else:
            found.append((begin, end))
    return found


def shared(some: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """The days that are in both."""
    both = [(max(b, begin), min(e, end)) for b, e in some for begin, end in others]
    return [(begin, end) for begin, end in both if begin < end]


def _later(begin: date, end: date, months: int) -> Span:
    return terms.after(begin, months), terms.after(end, months)
