"""The census: every right of a whole population worked out in columns, as `evaluation` does it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from services.rights import almanac, entitled, grid, reach, spans, statute, windows, worth
from services.rights.conditions import Conditions
from services.rights.derived import Derived
from services.rights.domain import Group, Rule, Version
from services.rights.entitled import Entitled, Grounds
from services.rights.expression import Node
from services.rights.population import Population
from services.rights.roster import Roster
from services.rights.spans import NEVER, Days, Flags, Spans


class Census:
    """The rights that follow from one population, decided on one day.

    Raises ValueError for more persons than the columns can number.
    """

    def __init__(
        self,
        rules: Mapping[str, Rule],
        population: Population,
        today: date,
        *,
        ahead: bool = False,
        since: date = date.min,
    ) -> None:
        """`ahead`: also tell when each right is to be looked at again.

        `since`: only the days from then on are wanted; rights are cut to them, and of the ground
        of each only the end is sure.
        """
        if len(population) > spans.MOST_ROWS:
            raise ValueError(f"at most {spans.MOST_ROWS} persons are worked out together")
        self._rules = rules
        self._population = population
        self._today = today
        self._until = windows.horizon(today)
        self._since = spans.number(since)
        self._reach = reach.back(rules, since)
        self._ahead = ahead
        self._derived = Derived(population)
        self.dues: dict[str, Days] = {}
        """By right and person, as `Evaluation.due` has them; `NEVER` for none. Only ahead."""
        self._rosters: dict[Group, Roster] = {}

    def rights(self) -> Iterator[tuple[str, Entitled]]:
        """Right by right, in order of the rules: those that are facts for others come first."""
        read = {right for rule in self._rules.values() for right in rule.rights_read}
        for rule in self._rules.values():
            found = self._entitled(rule)
            if rule.id in read:
                self._derived.grant(rule.id, found.had())
            found = found.from_day(self._since)
            yield rule.id, self._worth(rule, found)

    def _entitled(self, rule: Rule) -> Entitled:
        since = spans.number(rule.versions[0].validity.begin)
        until, roster = spans.number(self._until), self._roster(rule.group)
        met = [
            (version, ground, days[ground.when])
            for version in statute.versions_known(rule, self._today)
            for days in [self._met(rule, version, roster)]
            for ground in version.grounds
        ]
        if self._ahead:
            own = _due([days for _, _, days in met], until, len(self._population))
            self.dues[rule.id] = self._due_of_all(rule, own, roster)
        resumed = np.zeros(len(self._population), np.bool_)
        for _, _, days in met:
            resumed[days.who.take(np.flatnonzero(days.begin == until))] = True
        return entitled.joined(
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

    def _met(self, rule: Rule, version: Version, roster: Roster) -> dict[Node, Spans]:
        """Each condition once, however many windows it opens, from the first day that counts."""
        firsts: dict[Node, int] = {}
        for ground in version.grounds:
            first = spans.number(self._reach.grounds[rule.id, ground.window])
            firsts[ground.when] = min(first, firsts.get(ground.when, first))
        until, facts = spans.number(self._until), self._facts(version, roster)
        return {
            when: Conditions(roster, version, first, until, self._ahead, facts).met(when)
            for when, first in firsts.items()
        }

    def _worth(self, rule: Rule, found: Entitled) -> Entitled:
        versions = statute.versions_known(rule, self._today)
        if not len(found) or all(version.amount is None for version in versions):
            return found
        roster = self._roster(rule.group)
        return replace(found, worth=worth.schedule(found.days, versions, roster, self._derived))

    def _facts(self, version: Version, roster: Roster) -> dict[str, Spans]:
        return {n: self._derived.of_rows(fact, roster) for n, fact in version.facts.items()}

    def _due_of_all(self, rule: Rule, own: Days, roster: Roster) -> Days:
        """With that of the rights that are facts, of everybody who is ever in a group of hers."""
        found = own
        for right in rule.rights_read:
            found = np.minimum(found, roster.lowest(self.dues[right]))
        return found

    def _roster(self, group: Group) -> Roster:
        if group not in self._rosters:
            births = self._population.births
            if group is Group.PERSON:
                self._rosters[group] = Roster.of_persons(births)
            else:
                members = grid.numbered(self._population.groups[group])
                self._rosters[group] = Roster(members, births)
        return self._rosters[group]


def _runs_on(version: Version, days: Spans, until: int, resumed: Flags) -> Flags:
    """Whose ground lasts beyond the horizon, or to it, where another law goes on with it."""
    lasts: Flags = days.end > until
    if spans.number(version.validity.end) == until:
        lasts |= (days.end == until) & resumed.take(days.who)
    return lasts


def _due(met: Sequence[Spans], until: int, persons: int) -> Days:
    """By person the first day of the year in which a ground is still to come or runs on."""
    found = np.full(persons, NEVER, np.int32)
    for days in met:
        ahead = days.where(days.end > until)
        years = almanac.begins("start_of_year", np.maximum(ahead.begin, until))
        np.minimum.at(found, ahead.who, years)
    return found


def work_out(
    rules: Mapping[str, Rule], today: date, since: date, population: Population
) -> list[tuple[str, Entitled]]:
    """Every right of one part of the population; what a worker elsewhere is sent to do."""
    return list(Census(rules, population, today, since=since).rights())


def work_ahead(
    rules: Mapping[str, Rule], today: date, population: Population
) -> list[tuple[str, Entitled, Days]]:
    """The same, and when each right of each person is to be looked at again."""
    census = Census(rules, population, today, ahead=True)
    return [(right, found, census.dues[right]) for right, found in census.rights()]
