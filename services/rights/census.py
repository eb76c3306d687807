"""The census: every right of a whole population worked out in columns, as `evaluation` does it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from services.rights import entitled, expression, grid, spans, statute, timelines, windows, worth
from services.rights.columns import evaluate
from services.rights.derived import Derived
from services.rights.domain import Ground, Group, Rule, Version
from services.rights.entitled import Entitled, Opened
from services.rights.expression import Amount, Has, Known, Node
from services.rights.population import Population
from services.rights.prospects import Prospects
from services.rights.roster import Roster
from services.rights.spans import Flags, Rows, Spans
from services.rights.timelines import Timelines


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
        opened: list[Opened] = []
        for version in versions:
            for ground in version.grounds:
                days = Conditions(roster, version, until, self._facts(version, roster)).met(ground)
                opened += entitled.opened(ground.window, days, since, self._until, version.name)
        found = entitled.joined(opened, until)
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
        if begin >= self.until:
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
        for begin, end in epochs(self.version, self.until):
            if begin >= self.until:
                running = self._up_to(found, begin)
            rows = self._chosen(when, facts, begin, end, running)
            if len(rows):
                params = self.version.params_on(spans.day(begin))
                ages = expression.ages(when)
                parts = grid.laid(self.roster, rows, begin, end, facts, ages, params)
                found += [self._flagged(part, when) for part in parts]
        return spans.merged(found)

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

    def _flagged(self, laid: grid.Grid, when: Node) -> Spans:
        answer = evaluate(when, laid).by_cell(laid).astype(np.bool_, copy=False)
        cells = np.flatnonzero(answer)
        situations = laid.of.take(cells)
        who = laid.members.who.take(laid.row.take(cells))
        return spans.ordered(Spans(who, laid.days.take(situations), laid.ends.take(situations)))

    def _up_to(self, found: list[Spans], day: int) -> Flags:
        """Who has days that end on the day."""
        running = np.zeros(len(self.roster.births), np.bool_)
        for each in found:
            running[each.who[each.end == day]] = True
        return running


def epochs(version: Version, until: int) -> list[tuple[int, int]]:
    """The version's days, cut at the horizon and wherever a parameter changes."""
    begin, end = spans.number(version.validity.begin), spans.number(version.validity.end)
    changes = {spans.number(v.begin) for values in version.params.values() for v in values}
    cuts = sorted({day for day in changes | {until} if begin < day < end})
    return list(zip([begin, *cuts], [*cuts, end], strict=True))
