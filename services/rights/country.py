"""A country in columns: everybody and all groups, cut into parts that can be worked out apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.rights import spans
from services.rights.domain import Group, Rule
from services.rights.population import Memberships
from services.rights.spans import Rows

ROUNDS = 6
"""Of passing a mark on within groups, so that those who live together stand together."""


@dataclass(frozen=True, slots=True)
class Outline:
    """Persons to be decided, and behind them all others whose facts count for them."""

    everybody: Rows
    """By their place in the country."""
    decided: int
    """So many are to be decided: the first ones, who stand together in the country."""
    groups: Mapping[Group, Memberships]


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
        return spans.distinct(self.members.group.take(rows))

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


@dataclass(frozen=True, slots=True)
class Country:
    """Persons stand in an order in which those who live together are near each other."""

    persons: int
    circles: Mapping[Group, Circles]

    def outlines(self, persons: int, levels: int) -> Iterator[Outline]:
        """So many persons at a time; `levels` as the function says."""
        for first in range(0, self.persons, persons):
            chosen = np.arange(first, min(first + persons, self.persons))
            yield self._outline(chosen, levels)

    def _outline(self, decided: Rows, levels: int) -> Outline:
        place = np.full(self.persons, -1, np.int32)
        place[decided] = np.arange(len(decided), dtype=np.int32)
        everybody: Rows = decided
        edge: Rows = decided
        groups: dict[Group, Rows] = {group: np.empty(0, np.int64) for group in self.circles}
        for _ in range(levels):
            met = []
            for group, circles in self.circles.items():
                entered = np.concatenate((groups[group], circles.groups_of(edge)))
                groups[group] = spans.distinct(entered)
                met.append(circles.members.who.take(circles.rows_of(groups[group])))
            found: Rows = np.concatenate(met)
            edge = spans.distinct(found[place.take(found) < 0])
            place[edge] = np.arange(len(everybody), len(everybody) + len(edge), dtype=np.int32)
            everybody = np.concatenate((everybody, edge))
        members = {group: self._members(group, groups[group], place) for group in self.circles}
        return Outline(everybody, len(decided), members)

    def _members(self, group: Group, groups: Rows, place: NDArray[np.int32]) -> Memberships:
        circles = self.circles[group]
        rows, members = circles.rows_of(groups), circles.members
        return Memberships(
            np.searchsorted(groups, members.group.take(rows)).astype(np.int32),
            place.take(members.who.take(rows)),
            members.begin.take(rows),
            members.end.take(rows),
            members.role.take(rows),
        )


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
