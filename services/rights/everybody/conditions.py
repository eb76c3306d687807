"""Conditions: on which days those of one version of a rule are met, and by whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from services.rights.domain import Version
from services.rights.everybody import grid, spans, still, timelines, worth
from services.rights.everybody.columns import evaluate
from services.rights.everybody.grid import Grid
from services.rights.everybody.prospects import Prospects
from services.rights.everybody.roster import Roster
from services.rights.everybody.spans import Flags, Rows, Spans
from services.rights.everybody.still import Still
from services.rights.everybody.timelines import Timelines
from services.rights.law import expression
from services.rights.law.expression import Amount, Has, Known, Node

_A_CENTURY = 36_525


@dataclass(frozen=True, slots=True)
class Conditions:
    """The conditions of one version of a rule, and whose days meet them."""

    roster: Roster
    version: Version
    since: int
    """Days before it do not matter."""
    until: int
    """The horizon."""
    ahead: bool
    """Whether also those who only meet a condition after it are wanted, or none but those whose
    ground runs on over it."""
    facts: Mapping[str, Spans]
    """By row of the roster."""

    def met(self, when: Node) -> Spans:
        """By person, in the fewest spans."""
        begin, end = self._days()
        if begin >= end or (begin > self.until and not self.ahead):
            return spans.NONE
        if timelines.can(when):
            return Timelines(self.roster, self.facts, begin, end).met(when)
        return self._counted(when)

    def _days(self) -> tuple[int, int]:
        """Those of the version that matter."""
        validity = self.version.validity
        return max(spans.number(validity.begin), self.since), spans.number(validity.end)

    def _counted(self, when: Node) -> Spans:
        """A condition with numbers, epoch by epoch."""
        read = {n.fact for n in expression.walk(when) if isinstance(n, Has | Known | Amount)}
        facts = {name: self.facts[name] for name in read}
        found: list[Spans] = []
        running: Flags | None = None
        for begin, end in self._epochs(when):
            first = begin == self._days()[0]
            if begin >= self.until and not first and not self.ahead:
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
        params, ages = worth.params(self.version, begin), expression.ages(when)
        found: list[Spans] = []
        if len(rows) > len(self.roster.members) // 4:
            changing = still.changing(self.roster, begin, end, facts, ages)
            found.append(_true(Still(self.roster, begin, end, facts, changing, params), when))
            rows = rows[changing.take(self.roster.members.group.take(rows))]
        if len(rows):
            laid = grid.laid(self.roster, rows, begin, end, facts, ages, params)
            found.append(_true(laid, when))
        return found

    def _epochs(self, when: Node) -> list[tuple[int, int]]:
        """The version's days, cut at the horizon, where a parameter changes, and many amounts."""
        begin, end = self._days()
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
