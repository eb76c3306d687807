"""Questions: one formula asked of one home over time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise

from services.rights.deciding.persons import Home, Person, Span, Stretch
from services.rights.law import terms
from services.rights.law.scalar import NOBODY, Member, Situation
from services.rights.law.statute import Formula, Need

DaysOf = Callable[[Person, int], tuple[Stretch, ...]]
"""The days of a fact, by its number, that a person has."""
ONE_DAY = timedelta(days=1)
State = tuple[date, date, Member]
"""First day, first day no more, and what the member is between them."""


def span(formula: Formula, home: Home, days_of: DaysOf, within: Span) -> Span | None:
    """The days among which all those lie on which a condition can be met; None: on none."""
    begin, end = within
    for need in formula.needs:
        said = not need.said.isdisjoint(home.facts)
        if not said and not need.rights:
            return None
        first, last = _reach(need, home, days_of, said=said)
        begin, end = max(begin, first), min(end, last)
        if begin >= end:
            return None
    return begin, end


def _reach(need: Need, home: Home, days_of: DaysOf, *, said: bool) -> Span:
    """From the first to the last day on which anybody has any of the facts; reversed for none."""
    first, last = date.max, date.min
    for person in home.persons:
        numbers = [*(person.facts & need.said), *need.rights] if said else need.rights
        for number in numbers:
            for since, until, _ in days_of(person, number):
                first = min(first, since)
                last = max(last, until)
    return first, last


class Question:
    """One formula asked of one home, on some days."""

    __slots__ = ("_days_of", "_formula", "_home", "_lines")

    def __init__(
        self, formula: Formula, home: Home, days_of: DaysOf, within: Span = (date.min, date.max)
    ) -> None:
        self._formula = formula
        self._home = home
        self._days_of = days_of
        first, last = within
        self._lines = [
            (person.ssin, self._states(person, max(begin, first), min(end, last), role))
            for person, begin, end, role in home.members
            if begin < last and first < end
        ]

    def bounds(self, within: Span) -> list[date]:
        """The days on which the answer can change, with the first and the last of all."""
        first, last = within
        days = {day for _, states in self._lines for state in states for day in state[:2]}
        if len(self._formula.steps) > 1:
            days.update(day for day, _ in self._formula.steps)
        return [first, *sorted([day for day in days if first < day < last]), last]

    def situation(self, day: date, ssin: str) -> Situation:
        """The home on a day, in the words of the formula; with the ages of that day."""
        members, herself = [], NOBODY
        for person, role in self._home.there(day):
            ((_, _, member),) = self._states(person, day, day + ONE_DAY, role)
            members.append(member)
            if person.ssin == ssin:
                herself = member
        return Situation(tuple(members), self._formula.params(day), herself)

    def true(self, within: Span, ssin: str) -> list[Span]:
        """When the condition is met, in the fewest spans; where it is personal, for whom."""
        found: list[Span] = []
        answer, params, lines = self._formula.answer, self._formula.params, self._lines
        at = [0] * len(lines)
        for begin, end in pairwise(self.bounds(within)):
            there: dict[str, Member] = {}
            for n, (who, states) in enumerate(lines):
                k = at[n]
                while k < len(states) and states[k][1] <= begin:
                    k += 1
                at[n] = k
                if k < len(states) and states[k][0] <= begin:
                    there[who] = states[k][2]
            herself = there.get(ssin, NOBODY)
            if answer(Situation(tuple(there.values()), params(begin), herself), herself):
                if found and found[-1][1] == begin:
                    found[-1] = (found[-1][0], end)
                else:
                    found.append((begin, end))
        return found

    def _states(self, person: Person, begin: date, end: date, role: str) -> list[State]:
        """What a member is from one day to another, as far as the formula can tell."""
        formula, days_of = self._formula, self._days_of
        had = [(n, d) for n, number in formula.facts if (d := days_of(person, number))]
        told = [(n, d) for n, number in formula.amounts if (d := days_of(person, number))]
        born = person.birth if formula.ages else None
        if not had and not told and born is None:
            return [(begin, end, Member(role=role) if role else NOBODY)]
        days = {day for _, found in (*had, *told) for b, e, _ in found for day in (b, e)}
        if born is not None:
            days.add(born)
            days.update([terms.after(born, years * 12) for years in formula.ages])
        states, since = [], begin
        for until in (*sorted([day for day in days if begin < day < end]), end):
            facts = [n for n, found in had for b, e, _ in found if b <= since < e]
            amounts = {n: cents for n, found in told for b, e, cents in found if b <= since < e}
            age = terms.age(born, since) if born is not None and born <= since else None
            states.append((since, until, Member(frozenset(facts), amounts, age, role)))
            since = until
        return states
