"""The oracle: every right worked out by looking at every single day, in the plainest code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import groupby

from services.rights.domain import Fact, Group, Household, Rule, Statement, Version
from services.rights.law.expression import Node
from services.rights.law.provisions import Window
from services.rights.law.scalar import Member
from services.rights.law.statuses import Sort
from tests.services.rights import formulas

ONE = timedelta(days=1)
Run = tuple[date, date]
"""The first day, and the first day no more."""


class Oracle:
    """What follows from all that was said, on the day it is asked."""

    def __init__(
        self,
        rules: Mapping[str, Rule],
        homes: Sequence[Household],
        said: Sequence[Statement],
        sorts: Mapping[str, Sort],
        today: date,
    ) -> None:
        self.rules, self.homes, self.sorts, self.today = rules, homes, sorts, today
        self.until = date(today.year + 1, 1, 1)
        words = {(s.ssin, s.institution, s.data_sort, s.strand, s.period.begin) for s in said}
        last = [max((s for s in said if s.key == key), key=lambda s: s.position) for key in words]
        self.said = [s for s in last if not s.cancelled]
        self._facts: dict[tuple[Fact, str, date], int | None] = {}
        self._rights: dict[tuple[str, str], list[tuple[date, date, bool]]] = {}

    def rights(self, right: str, person: str) -> list[tuple[date, date, bool]]:
        """First day, first day no more, and whether the next year extends it."""
        if (right, person) not in self._rights:
            self._rights[right, person] = merged(self._opened(self.rules[right], person))
        return self._rights[right, person]

    def amount(self, right: str, person: str, day: date) -> int | None:
        """What it is worth on a day: the most of her groups of that day, or alone."""
        version = self.version(self.rules[right], day)
        if version is None or version.amount is None:
            return None
        group = self.rules[right].group
        groups = [there for there in self.groups(group, day) if person in there]
        return max(
            self._formula(version.amount, version, there, person, day)
            for there in groups or [{person: ""}]
        )

    def version(self, rule: Rule, day: date) -> Version | None:
        """The law of a day, as known today."""
        known = [v for v in rule.versions if v.known_from <= self.today]
        return next((v for v in reversed(known) if v.validity.begin <= day), None)

    def grounded(self, rule: Rule, number: int, person: str, day: date) -> bool:
        version = self.version(rule, day)
        if version is None or number >= len(version.grounds):
            return False
        when = version.grounds[number].when
        return any(
            self._formula(when, version, there, person, day)
            for there in self.groups(rule.group, day, person)
            if person in there
        )

    def groups(self, group: Group, day: date, person: str = "") -> Iterator[dict[str, str]]:
        """Who is there on a day, and as what; of two roles at once the later by name counts."""
        if group is Group.PERSON:
            yield {person: ""}
        for home in self.homes:
            if home.group is group:
                here = [m for m in home.members if m.period.begin <= day < m.period.end]
                here.sort(key=lambda m: (m.ssin, m.period.begin, m.period.end, m.role))
                yield {m.ssin: m.role for m in here}

    def fact(self, fact: Fact, person: str, day: date) -> int | None:
        """1 or cents where the person has it."""
        if (fact, person, day) not in self._facts:
            self._facts[fact, person, day] = self._fact(fact, person, origin(day, fact.later))
        return self._facts[fact, person, day]

    def _fact(self, fact: Fact, person: str, day: date) -> int | None:
        if fact.amount:
            told = [s for s in self.holding(person, day) if s.status in fact.statuses]
            return told[0].amount if told else None
        if not self._has(fact, person, day):
            return None
        first = day
        while fact.held and self._has(fact, person, first - ONE):
            first -= ONE
        return 1 if after(first, fact.held) <= day else None

    def _has(self, fact: Fact, person: str, day: date) -> bool:
        if fact.right:
            return any(
                begin <= day and (day < end or (renewable and day >= begin))
                for begin, end, renewable in self.rights(fact.right, person)
            )
        return any(
            s.status in fact.statuses and self._young(fact, person, s)
            for s in self.holding(person, day)
        )

    def _young(self, fact: Fact, person: str, statement: Statement) -> bool:
        if not fact.before_age:
            return True
        birth = self.birth(person)
        return birth is not None and statement.period.begin < after(birth, fact.before_age * 12)

    def birth(self, person: str) -> date | None:
        born = [s for s in self.said if s.ssin == person and s.status == "BORN"]
        return min(born, key=self._rank).period.begin if born else None

    def holding(self, person: str, day: date) -> list[Statement]:
        """What is said of the day; where one word holds at a time, the most authoritative."""
        on = [s for s in self.said if s.ssin == person and s.period.begin <= day < s.period.end]
        return [
            s
            for s in on
            if not self.sorts[s.data_sort].one_at_a_time
            or s is min((o for o in on if o.data_sort == s.data_sort), key=self._rank)
        ]

    def _rank(self, statement: Statement) -> tuple[int, int, int]:
        authority = self.sorts[statement.data_sort].authority
        sector = statement.institution.sector
        place = authority.index(sector) if sector in authority else len(authority)
        return (place, -statement.period.begin.toordinal(), -statement.position)

    def _formula(
        self, node: Node, version: Version, there: Mapping[str, str], person: str, day: date
    ) -> int:
        members = {ssin: self._member(version, ssin, role, day) for ssin, role in there.items()}
        params = {}
        for name, values in version.params.items():
            known = [v for v in values if v.known_from <= self.today and v.begin <= day]
            params[name] = max(known, key=lambda v: (v.begin, v.known_from)).value
        return formulas.python(node, list(members.values()), members[person], params)

    def _member(self, version: Version, person: str, role: str, day: date) -> Member:
        found = {name: self.fact(fact, person, day) for name, fact in version.facts.items()}
        birth = self.birth(person)
        age = None
        if birth is not None and birth <= day:
            age = next(n for n in range(150) if after(birth, 12 * (n + 1)) > day)
        return Member(
            frozenset(n for n, v in found.items() if v and not version.facts[n].amount),
            {n: v for n, v in found.items() if v is not None and version.facts[n].amount},
            age,
            role,
        )

    def _opened(self, rule: Rule, person: str) -> Iterator[tuple[date, date, bool]]:
        """The windows of every unbroken run of grounds of one version."""
        since = rule.versions[0].validity.begin
        days = [since + n * ONE for n in range((self.until - since).days + 1)]
        for number in range(2):
            law = [(self.version(rule, d), d) for d in days]
            held = [v if self.grounded(rule, number, person, d) else None for v, d in law]
            for (version, _), run in groupby(zip(held, days, strict=True), lambda pair: (
                pair[0], pair[0] is None
            )):  # fmt: skip
                if version is not None:
                    within = [day for _, day in run]
                    yield from self._windows(rule, version, number, within, since, person)

    def _windows(
        self,
        rule: Rule,
        version: Version,
        number: int,
        run: Sequence[date],
        since: date,
        person: str,
    ) -> Iterator[tuple[date, date, bool]]:
        counted = [day for day in run if day < self.until]
        runs_on = run[-1] == self.until or (
            run[-1] == self.until - ONE
            and self.version(rule, self.until) is not version
            and any(self.grounded(rule, n, person, self.until) for n in range(2))
        )
        window = version.grounds[number].window
        for begin, end in windows(window, counted):
            if max(begin, since) < end:
                yield max(begin, since), end, runs_on and end >= self.until


def windows(window: Window, run: Sequence[date]) -> Iterator[Run]:
    """The windows that unbroken days open."""
    if window.on:
        for day in run:
            if day.isoformat()[5:] == window.on:
                yield BEGINS[window.begin](day), ENDS[window.until](day, day)
    elif run:
        yield BEGINS[window.begin](run[0]), ENDS[window.until](run[0], run[-1])


def merged(opened: Iterator[tuple[date, date, bool]]) -> list[tuple[date, date, bool]]:
    """Windows that meet are one."""
    left = sorted(opened)
    found: list[tuple[date, date, bool]] = []
    while left:
        begin, end, renewable = left.pop(0)
        while left and left[0][0] <= end:
            _, other_end, other = left.pop(0)
            end, renewable = max(end, other_end), renewable or other
        found.append((begin, end, renewable))
    return found


@lru_cache(maxsize=100_000)
def after(day: date, months: int) -> date:
    """Month after month: the same number in the last of them, or the first day beyond it."""
    year, month = day.year, day.month
    for _ in range(months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    try:
        return date(year, month, day.day)
    except ValueError:
        return date(year + month // 12, month % 12 + 1, 1)


@lru_cache(maxsize=100_000)
def origin(day: date, months: int) -> date:
    """The last day from which so many months are over on `day`."""
    found = day
    while after(found, months) > day:
        found -= ONE
    return found


def walked(day: date, step: timedelta, found: Callable[[date], bool]) -> date:
    while not found(day):
        day += step
    return day


def _quarter(day: date) -> bool:
    return day.day == 1 and day.month in (1, 4, 7, 10)


def _month(day: date) -> bool:
    return day.day == 1


def _year(day: date) -> bool:
    return day.day == 1 and day.month == 1


def _turned(years: int) -> Callable[[date, date], date]:
    return lambda first, last: next(
        end for n in range(1, 100) if (end := after(first, 12 * years * n)) > last
    )


BEGINS: Mapping[str, Callable[[date], date]] = {
    "first_day": lambda day: day,
    "start_of_month": lambda day: walked(day, -ONE, _month),
    "start_of_next_month": lambda day: walked(day + ONE, ONE, _month),
    "start_of_quarter": lambda day: walked(day, -ONE, _quarter),
    "start_of_year": lambda day: walked(day, -ONE, _year),
}
ENDS: Mapping[str, Callable[[date, date], date]] = {
    "last_day": lambda _, day: day + ONE,
    "end_of_month": lambda _, day: walked(day + ONE, ONE, _month),
    "end_of_quarter": lambda _, day: walked(day + ONE, ONE, _quarter),
    "end_of_year": lambda _, day: walked(day + ONE, ONE, _year),
    "end_of_next_year": lambda _, day: walked(walked(day + ONE, ONE, _year) + ONE, ONE, _year),
    "anniversary": _turned(1),
    "fifth_anniversary": _turned(5),
}
