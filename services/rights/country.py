"""A country in columns: everybody and all groups, cut into parts that can be worked out apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.rights import spans
from services.rights.domain import Group, Rule
from services.rights.population import Memberships, Population
from services.rights.spans import Days, Flags, Rows, Spans

ROUNDS = 6
"""Of passing a mark on within groups, so that those who live together stand together."""


@dataclass(frozen=True, slots=True)
class Part:
    """Persons to be decided, and behind them all others whose facts count for them."""

    population: Population
    first: int
    decided: int
    """So many are to be decided: the first ones, who stand together in the country."""


class Circles:
    """The groups of one sort, found by group and by person."""

    def __init__(self, members: Memberships, persons: int) -> None:
        """Groups are numbered without a gap, members in order of group."""
        self.members = members
        groups = int(members.group[-1]) + 1 if len(members) else 0
        self._of_group = np.searchsorted(members.group, np.arange(groups + 1)).astype(np.int32)
        self._rows = np.argsort(members.who, kind="stable").astype(np.int32)
        counts = np.bincount(members.who, minlength=persons)
        self._of_person = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)

    def groups_of(self, who: Rows) -> Rows:
        """Of all those persons, each once and in order."""
        first = self._of_person.take(who).astype(np.int64)
        counts = self._of_person.take(who + 1) - first
        rows = self._rows.take(spans.expanded(counts, first))
        return np.unique(self.members.group.take(rows))

    def rows_of(self, groups: Rows) -> Rows:
        first = self._of_group.take(groups).astype(np.int64)
        return spans.expanded(self._of_group.take(groups + 1) - first, first)

    def spread(self, marks: NDArray[np.int32]) -> NDArray[np.int32]:
        """To everybody the lowest mark of anybody in a group of hers."""
        if not len(self.members):
            return marks
        of_groups = np.minimum.reduceat(marks.take(self.members.who), self._of_group[:-1])
        lowest = marks.copy()
        np.minimum.at(lowest, self.members.who, of_groups.take(self.members.group))
        return lowest

    def reached(self, marked: Flags) -> Flags:
        """With everybody in a group of somebody marked."""
        groups = np.zeros(len(self._of_group) - 1, np.bool_)
        groups[self.members.group[marked.take(self.members.who)]] = True
        found = marked.copy()
        found[self.members.who[groups.take(self.members.group)]] = True
        return found


@dataclass(frozen=True, slots=True)
class Country:
    """Persons stand in an order in which those who live together are near each other."""

    ssins: NDArray[np.int64]
    births: Days
    said: Mapping[str, Spans]
    circles: Mapping[Group, Circles]
    apart: Flags
    """Of whom, or of somebody who counts for her, columns do not hold everything."""

    def __len__(self) -> int:
        return len(self.ssins)

    def parts(self, persons: int, levels: int) -> Iterator[Part]:
        """So many persons at a time; `levels` as the function says."""
        for first in range(0, len(self), persons):
            chosen = np.arange(first, min(first + persons, len(self)))
            yield self._part(chosen, levels)

    def _part(self, decided: Rows, levels: int) -> Part:
        everybody: Rows = decided
        edge: Rows = decided
        groups: dict[Group, Rows] = {group: np.empty(0, np.int64) for group in self.circles}
        for _ in range(levels):
            beyond = [everybody]
            for group, circles in self.circles.items():
                groups[group] = np.union1d(groups[group], circles.groups_of(edge))
                beyond.append(circles.members.who.take(circles.rows_of(groups[group])))
            found: Rows = np.concatenate(beyond)
            edge = np.setdiff1d(found, everybody)
            everybody = np.concatenate((everybody, edge))
        place = np.full(len(self), -1, np.int32)
        place[everybody] = np.arange(len(everybody), dtype=np.int32)
        population = Population(
            written(self.ssins.take(everybody)),
            self.births.take(everybody),
            {status: _of(found, everybody) for status, found in self.said.items()},
            {group: self._members(group, groups[group], place) for group in self.circles},
        )
        return Part(population, int(decided[0]), len(decided))

    def _members(self, group: Group, groups: Rows, place: NDArray[np.int32]) -> Memberships:
        circles = self.circles[group]
        rows, members = circles.rows_of(groups), circles.members
        return Memberships(
            members.group.take(rows),
            place.take(members.who.take(rows)),
            members.begin.take(rows),
            members.end.take(rows),
            members.role.take(rows),
        )


def _of(found: Spans, everybody: Rows) -> Spans:
    """Those of some persons, by their places among them."""
    first = np.searchsorted(found.who, everybody)
    counts = np.searchsorted(found.who, everybody, "right") - first
    places = spans.expanded(counts, first)
    value = None if found.value is None else found.value.take(places)
    who = np.repeat(np.arange(len(everybody), dtype=np.int32), counts)
    return Spans(who, found.begin.take(places), found.end.take(places), value)


def written(ssins: NDArray[np.int64]) -> NDArray[np.bytes_]:
    """Numbers as eleven digits."""
    digits = ssins[:, None] // 10 ** np.arange(10, -1, -1) % 10 + ord("0")
    return np.ascontiguousarray(digits.astype(np.uint8)).view("S11")[:, 0]


def levels(rules: Mapping[str, Rule]) -> int:
    """How far facts reach: through one group, and one more for each right that is a fact."""
    found: dict[str, int] = {}
    for rule in rules.values():
        here = 0 if rule.group is Group.PERSON else 1
        found[rule.id] = here + max((found[right] for right in rule.rights_read), default=0)
    return max(found.values(), default=0)


def neighbours(circles: Mapping[Group, Circles], persons: int) -> NDArray[np.int64]:
    """An order of persons in which those who live together are near each other."""
    marks = np.arange(persons, dtype=np.int32)
    for _ in range(ROUNDS):
        for of_sort in circles.values():
            marks = of_sort.spread(marks)
    return np.argsort(marks, kind="stable")


def all_reached(circles: Mapping[Group, Circles], marked: Flags, times: int) -> Flags:
    """With everybody for whom the facts of somebody marked count."""
    for _ in range(times):
        for of_sort in circles.values():
            marked = marked | of_sort.reached(marked)
    return marked
