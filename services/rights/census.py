"""The census: every right of a whole population worked out in columns, as `evaluation` does it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from services.rights import entitled, expression, grid, spans, statute, timelines, windows, worth
from services.rights.columns import evaluate
from services.rights.derived import Derived
from services.rights.domain import Group, Rule, Version
from services.rights.entitled import Entitled, Grounds
from services.rights.expression import Amount, Has, Known, Node
from services.rights.grid import Grid
from services.rights.population import Population
from services.rights.prospects import Prospects
from services.rights.provisions import Ground
from services.rights.roster import Roster
from services.rights.spans import Flags, Rows, Spans
from services.rights.still import Still
from services.rights.timelines import Timelines

_A_CENTURY = 36_525


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
        self._derived = Derived(population)
        self._rosters: dict[Group, Roster] = {}

    def rights(self) -> Iterator[tuple[str, Entitled]]:
        """Right by right, in order of the rules: those that are facts for others come first."""
        read = {right for rule in self._rules.values() for right in rule.rights_read}
        for rule in self._rules.values():
            found = self._entitled(rule)
            if rule.id in read:
                self._derived.grant(rule.id, found.had())
            yield rule.id, found

    def _entitled(self, rule: Rule) -> Entitled:
        since = spans.number(rule.versions[0].validity.begin)
        until, roster = spans.number(self._until), self._roster(rule.group)
        versions = statute.versions_known(rule, self._today)
        met = [
            (version, ground, Conditions(roster, version, until, facts).met(ground))
            for version in versions
            for facts in [self._facts(version, roster)]
            for ground in version.grounds
        ]
        resumed = np.zeros(len(self._population), np.bool_)
        for _, _, days in met:
            resumed[days.who.take(np.flatnonzero(days.begin == until))] = True
        found = entitled.joined(
            [
                opened
                for version, ground, days in met
                for opened in entitled.opened(
                    Grounds(
                        ground.window, days, _runs_on(version, days, until, resumed), version.name
                    ),
                    since,
                    self._until,
                )
            ]
        )
        if not len(found) or all(version.amount is None for version in versions):
            return found
        return replace(found, worth=worth.schedule(found.days, versions, roster, self._derived))

    def _facts(self, version: Version, roster: Roster) -> dict[str, Spans]:
        return {n: self._derived.of_rows(fact, roster) for n, fact in version.facts.items()}

    def _roster(self, group: Group) -> Roster:
        if group not in self._rosters:
            births = self._population.births
            if group is Group.PERSON:
                self._rosters[group] = Roster.of_persons(births)
            else:
                members = grid.numbered(self._population.groups[group])
                self._rosters[group] = Roster(members, births)
        return self._rosters[group]


@dataclass(frozen=True, slots=True)
class Conditions:
    """The conditions of one version of a rule, and whose days meet them."""

    roster: Roster
    version: Version
    until: int
    """The horizon: after it only those are followed whose ground runs on over it."""
    facts: Mapping[str, Spans]
    """By row of the roster."""

    def met(self, ground: Ground) -> Spans:
        """By person, in the fewest spans; of those that begin after the horizon not all."""
        validity = self.version.validity
        begin, end = spans.number(validity.begin), spans.number(validity.end)
        if begin > self.until:
            return spans.NONE
        if timelines.can(ground.when):
            return Timelines(self.roster, self.facts, begin, end).met(ground.when)
        return self._counted(ground.when)

    def _counted(self, when: Node) -> Spans:
        """A condition with numbers, epoch by epoch."""
        read = {n.fact for n in expression.walk(when) if isinstance(n, Has | Known | Amount)}
        facts = {name: self.facts[name] for name in read}
        found: list[Spans] = []
        running: Flags | None = None
        for begin, end in self._epochs(when):
            if begin >= self.until and begin > spans.number(self.version.validity.begin):
                running = self._up_to(found, begin)
            within = {name: days.within(begin, end) for name, days in facts.items()}
            found += self._in_epoch(when, within, begin, end, running)
        return spans.merged(found)

    def _in_epoch(
        self,
        when: Node,
        facts: Mapping[str, Spans],
        begin: int,
        end: int,
        running: Flags | None,
    ) -> list[Spans]:
        """Where many groups are in question, those in which nothing changes are asked apart."""
        rows = self._chosen(when, facts, begin, end, running)
        if not len(rows):
            return []
        params, ages = self.version.params_on(spans.day(begin)), expression.ages(when)
        found: list[Spans] = []
        if len(rows) > len(self.roster.members) // 4:
            changing = grid.changing(self.roster, begin, end, facts, ages)
            found.append(_true(Still(self.roster, begin, end, facts, changing, params), when))
            rows = rows[changing.take(self.roster.members.group.take(rows))]
        if len(rows):
            laid = grid.laid(self.roster, rows, begin, end, facts, ages, params)
            found.append(_true(laid, when))
        return found

    def _epochs(self, when: Node) -> list[tuple[int, int]]:
        """The version's days, cut at the horizon, where a parameter changes, and many amounts."""
        begin, end = (
            spans.number(self.version.validity.begin),
            spans.number(self.version.validity.end),
        )
        changes = {*worth.changes(self.version, when), self.until}
        for name in {n.fact for n in expression.walk(when) if isinstance(n, Amount)}:
            changes |= _usual(self.facts[name])
        cuts = sorted(day for day in changes if begin < day < end)
        return list(zip([begin, *cuts], [*cuts, end], strict=True))

    def _chosen(
        self,
        when: Node,
        facts: Mapping[str, Spans],
        begin: int,
        end: int,
        running: Flags | None,
    ) -> Rows:
        """The rows of all groups that could meet a condition within an epoch."""
        members = self.roster.members
        kept = (members.begin < end) & (members.end > begin)
        prospect = Prospects(self.roster, begin, end, facts).of(when)
        if prospect is False:
            return np.empty(0, np.int64)
        wanted = kept if prospect is True else prospect & kept
        if running is not None:
            wanted = wanted & running.take(members.who)
        if wanted is not kept and not self.roster.whole:
            groups = np.zeros(self.roster.groups, np.bool_)
            groups[members.group.take(np.flatnonzero(wanted))] = True
            kept &= groups.take(members.group)
            return np.flatnonzero(kept)
        return np.flatnonzero(wanted)

    def _up_to(self, found: list[Spans], day: int) -> Flags:
        """Who has days that end on the day."""
        running = np.zeros(len(self.roster.births), np.bool_)
        for each in found:
            running[each.who[each.end == day]] = True
        return running


def _usual(amounts: Spans) -> set[int]:
    """The days on which many of the amounts begin or end, such as each 1 January."""
    found: set[int] = set()
    for days in (amounts.begin, amounts.end):
        if len(days):
            first = int(days.min())
            counts = np.bincount(np.minimum(days - first, _A_CENTURY))
            found |= {int(day) + first for day in np.flatnonzero(counts > len(days) // 20)}
    return found


def _true(cells: Grid | Still, when: Node) -> Spans:
    answer = evaluate(when, cells).by_cell(cells).astype(np.bool_, copy=False)
    return spans.ordered(cells.spans(answer))


def _runs_on(version: Version, days: Spans, until: int, resumed: Flags) -> Flags:
    """Whose ground lasts beyond the horizon, or to it, where another law goes on with it."""
    lasts: Flags = days.end > until
    if spans.number(version.validity.end) == until:
        lasts |= (days.end == until) & resumed.take(days.who)
    return lasts


def work_out(
    rules: Mapping[str, Rule], today: date, population: Population
) -> list[tuple[str, Entitled]]:
    """Every right of one part of the population; what a worker elsewhere is sent to do."""
    return list(Census(rules, population, today).rights())
