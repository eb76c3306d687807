"""The census: every right of a whole population worked out in columns, as `evaluation` does it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

import numpy as np

from services.rights import almanac, entitled, grid, spans, statute, windows, worth
from services.rights.columns import Answer, evaluate
from services.rights.domain import Fact, Ground, Group, Rule, Version
from services.rights.entitled import Entitled, Opened
from services.rights.expression import Node
from services.rights.grid import Grid, Held, joined
from services.rights.population import Memberships, Population
from services.rights.prospects import Prospects
from services.rights.spans import FIRST, NEVER, NONE, Flags, Spans


class Census:
    """The rights that follow from one population, decided on one day.

    Raises ValueError for more persons than the columns can number.
    """

    def __init__(self, rules: Mapping[str, Rule], population: Population, today: date) -> None:
        if len(population) > spans.MOST_ROWS:
            raise ValueError(f"at most {spans.MOST_ROWS} persons are worked out together")
        self._rules = rules
        self._population = population
        self._today = today
        self._until = windows.horizon(today)
        self._held: dict[Fact, Held] = {}
        self._had: dict[str, Spans] = {}
        self._members: dict[Group, Memberships] = {}

    def rights(self) -> Iterator[tuple[str, Entitled]]:
        """Right by right, in order of the rules: those that are facts for others come first."""
        read = {right for rule in self._rules.values() for right in rule.rights_read}
        for rule in self._rules.values():
            found = self._entitled(rule)
            if rule.id in read:
                self._had[rule.id] = found.had()
            yield rule.id, found

    def _entitled(self, rule: Rule) -> Entitled:
        since = spans.number(rule.versions[0].validity.begin)
        versions = statute.versions_known(rule, self._today)
        windows_opened: list[Opened] = []
        for version in versions:
            for ground, days in self.grounded(rule, version):
                windows_opened += entitled.opened(
                    ground.window, days, since, self._until, version.name
                )
        found = entitled.joined(windows_opened, spans.number(self._until))
        if not len(found) or all(version.amount is None for version in versions):
            return found
        members = self._of_sort(rule.group)
        facts = {id(v): self.facts(v) for v in versions if v.amount is not None}
        schedule = worth.schedule(found.days, versions, members, self._population.births, facts)
        return replace(found, worth=schedule)

    def grounded(self, rule: Rule, version: Version) -> list[tuple[Ground, Spans]]:
        """On which days each condition of a version is met for whom.

        After the horizon only those are followed whose ground runs on over it.
        """
        facts, members = self.facts(version), self._of_sort(rule.group)
        until = spans.number(self._until)
        days: list[list[Spans]] = [[] for _ in version.grounds]
        running: Flags | None = None
        for begin, end in epochs(version, until):
            if begin >= until:
                running = _up_to([span for found in days for span in found], begin, self._persons)
                if not running.any():
                    break
            chosen = self._chosen(version, members, facts, begin, end, running)
            if len(chosen):
                laid = self._laid(version, chosen, facts, begin, end)
                for found, ground in zip(days, version.grounds, strict=True):
                    found.append(met(laid, ground.when))
        return [
            (ground, spans.merged(found))
            for ground, found in zip(version.grounds, days, strict=True)
        ]

    @property
    def _persons(self) -> int:
        return len(self._population)

    def _chosen(
        self,
        version: Version,
        members: Memberships,
        facts: Mapping[str, Held],
        begin: int,
        end: int,
        running: Flags | None,
    ) -> Memberships:
        """The groups that could meet a condition within an epoch, and all who are in them."""
        prospects = Prospects(members, begin, end, facts, self._population.births)
        wanted: Flags | bool = False
        for ground in version.grounds:
            there = prospects.of(ground.when)
            wanted = True if there is True or wanted is True else wanted | there
        if wanted is False:
            return grid.epoch(members, np.empty(0, np.int64), begin, end)
        kept = (members.begin < end) & (members.end > begin)
        if running is not None:
            wanted = running[members.who] if wanted is True else wanted & running[members.who]
        if wanted is not True:
            groups = np.zeros(int(members.group[-1]) + 1, np.bool_)
            groups[members.group[wanted & kept]] = True
            kept &= groups[members.group]
        return grid.epoch(members, np.flatnonzero(kept), begin, end)

    def _laid(
        self,
        version: Version,
        chosen: Memberships,
        facts: Mapping[str, Held],
        begin: int,
        end: int,
    ) -> Grid:
        params = version.params_on(spans.day(begin))
        pieces = {name: joined(held, chosen) for name, held in facts.items()}
        births = self._population.births
        return Grid(chosen, begin, end, pieces, births, version.ages, params)

    def _of_sort(self, group: Group) -> Memberships:
        if group not in self._members:
            if group is Group.PERSON:
                self._members[group] = alone(self._persons)
            else:
                self._members[group] = grid.numbered(self._population.groups[group])
        return self._members[group]

    def facts(self, version: Version) -> dict[str, Held]:
        return {name: self._held_of(fact) for name, fact in version.facts.items()}

    def _held_of(self, fact: Fact) -> Held:
        if fact not in self._held:
            self._held[fact] = Held.of(self._derived(fact), self._persons)
        return self._held[fact]

    def _derived(self, fact: Fact) -> Spans:
        said = [self._said(fact, status) for status in sorted(fact.statuses)]
        if fact.amount:
            return _moved(said[0], fact.later)
        if fact.right:
            said.append(self._had[fact.right])
        days = spans.merged(said)
        if fact.held:
            begin = almanac.after(days.begin, fact.held)
            days = _kept(Spans(days.who, begin, days.end))
        return _moved(days, fact.later)

    def _said(self, fact: Fact, status: str) -> Spans:
        said = self._population.said.get(status, NONE)
        if not fact.before_age or not len(said):
            return said
        births = self._population.births
        birthday = almanac.after(births[said.who], 12 * fact.before_age)
        return said.where((births[said.who] != NEVER) & (said.begin < birthday))


def epochs(version: Version, until: int) -> list[tuple[int, int]]:
    """The version's days, cut at the horizon and wherever a parameter changes."""
    begin, end = spans.number(version.validity.begin), spans.number(version.validity.end)
    if begin >= until:
        return []
    changes = {spans.number(v.begin) for values in version.params.values() for v in values}
    cuts = sorted({day for day in changes | {until} if begin < day < end})
    return list(zip([begin, *cuts], [*cuts, end], strict=True))


def met(laid: Grid, when: Node) -> Spans:
    """Whose days meet a condition, in no order."""
    cells = np.flatnonzero(_flags(evaluate(when, laid), laid))
    situations = laid.of[cells]
    who = laid.members.who[laid.row[cells]]
    return spans.ordered(Spans(who, laid.days[situations], laid.ends[situations]))


def alone(persons: int) -> Memberships:
    """Everybody in a group of her own, for ever."""
    everybody = np.arange(persons, dtype=np.int32)
    return Memberships(
        everybody,
        everybody,
        np.full(persons, FIRST, np.int32),
        np.full(persons, NEVER, np.int32),
        np.zeros(persons, np.int8),
    )


def _flags(answer: Answer, laid: Grid) -> Flags:
    return answer.by_cell(laid).astype(np.bool_, copy=False)


def _up_to(found: list[Spans], day: int, persons: int) -> Flags:
    """Who has days that end on the day."""
    running = np.zeros(persons, np.bool_)
    for each in found:
        running[each.who[each.end == day]] = True
    return running


def _moved(days: Spans, months: int) -> Spans:
    if not months or not len(days):
        return days
    begin, end = almanac.after(days.begin, months), almanac.after(days.end, months)
    return _kept(Spans(days.who, begin, end, days.value))


def _kept(days: Spans) -> Spans:
    kept = days.begin < days.end
    return days if kept.all() else days.where(kept)
