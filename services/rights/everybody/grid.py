"""The grid: groups cut into situations wherever something changes, and the cells of each.

A situation is a group on days on which nothing changes; a cell is one of its members then.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from services.rights.everybody.population import ROLES, Memberships
from services.rights.everybody.roster import Roster
from services.rights.everybody.spans import (
    DAY_BITS,
    FIRST,
    Cents,
    Days,
    Flags,
    Rows,
    Spans,
    expanded,
)

Column = TypeVar("Column", bound=NDArray[Any])


@dataclass(frozen=True, slots=True)
class Pieces:
    """Days of members' facts, cut to their days in the group; rows are those of the members."""

    row: Rows
    begin: Days
    end: Days
    value: Cents | None


@dataclass
class Grid:
    """Implements `columns.Cells` for members whose groups are numbered without a gap.

    The members' days lie within [`begin`, `end`), on which the parameters do not change.
    """

    members: Memberships
    begin: int
    end: int
    facts: Mapping[str, Pieces]
    born_on: Days
    """By row, as the birthdays are; empty where no age is asked."""
    birthdays: Mapping[int, Days]
    """Those on which an answer can change, by the years that are over then."""
    params: Mapping[str, int]
    situations: int = field(init=False)
    of: Rows = field(init=False)
    days: Days = field(init=False)
    """The first day of each situation."""
    ends: Days = field(init=False)
    row: Rows = field(init=False)
    """The member that each cell is."""
    there: None = None

    def __post_init__(self) -> None:
        self._groups = int(self.members.group[-1]) + 1 if len(self.members) else 0
        self._partial = (self.members.begin > self.begin) | (self.members.end < self.end)
        self._cut(self._cuts())
        self._fill()

    def has(self, fact: str) -> Flags:
        return self._shown(self._marked(self.facts[fact]))

    known = has

    def amount(self, fact: str) -> Cents:
        pieces, cents = self.facts[fact], np.zeros(self._all_cells, np.int64)
        if pieces.value is not None:
            cells, counts = self._cells_of(pieces)
            cents[cells] = np.repeat(pieces.value, counts)
        return self._shown(cents)

    def born(self) -> Flags:
        return self._reached(self.born_on)

    def completed(self, years: int) -> Flags:
        return self._reached(self.birthdays[years])

    def spans(self, cells: Flags) -> Spans:
        """The days of the flagged cells, with their persons; in no order."""
        places = np.flatnonzero(cells)
        situations = self.of.take(places)
        who = self.members.who.take(self.row.take(places))
        return Spans(who, self.days.take(situations), self.ends.take(situations))

    def role(self, role: str) -> Flags:
        found: Flags = self.members.role[self.row] == (ROLES.index(role) if role in ROLES else -1)
        return found

    def _reached(self, day: Days) -> Flags:
        """Which cells lie on or after a day of their member."""
        found: Flags = self.days[self.of] >= day[self.row]
        return found

    def _cuts(self) -> NDArray[np.int64]:
        """Group and day of every change within the days, in order, each once."""
        members, partial = self.members, np.flatnonzero(self._partial)
        changes: list[tuple[Rows, Days]] = [
            (partial, members.begin[partial]),
            (partial, members.end[partial]),
        ]
        for pieces in self.facts.values():
            changes += [(pieces.row, pieces.begin), (pieces.row, pieces.end)]
        everybody = np.arange(len(members))
        if self.birthdays:
            changes.append((everybody, self.born_on))
            changes += [(everybody, days) for days in self.birthdays.values()]
        keys = []
        for row, days in changes:
            inside = np.flatnonzero((days > self.begin) & (days < self.end))
            keys.append(_key(members.group[row[inside]], days[inside]))
        found = np.concatenate(keys)
        found.sort(kind="stable")
        return found[np.flatnonzero(np.diff(found, prepend=-1))]

    def _cut(self, cuts: NDArray[np.int64]) -> None:
        """Make the situations: one from the begin on for each group, and one from each cut."""
        cut_group = cuts >> DAY_BITS
        self._cut_keys = cuts
        counts = 1 + np.bincount(cut_group, minlength=self._groups)
        self._first = np.concatenate(([0], np.cumsum(counts)))
        self.situations = int(self._first[-1])
        self._group = np.repeat(np.arange(self._groups), counts) if len(cuts) else None
        self.days = np.full(self.situations, self.begin, np.int32)
        places = np.arange(len(cuts)) + cut_group + 1
        self.days[places] = ((cuts & ((1 << DAY_BITS) - 1)) + FIRST).astype(np.int32)
        self.ends = np.full(self.situations, self.end, np.int32)
        self.ends[places - 1] = self.days[places]

    def _fill(self) -> None:
        """Give every situation its cells: the members of the group who are there."""
        group = self.members.group
        if self._group is None:
            self._all_of, self._all_row = group, np.arange(len(group))
        else:
            heads = np.flatnonzero(np.diff(group, prepend=-1))
            self._head, self._size = heads, np.diff(np.append(heads, len(group)))
            size = self._size[self._group]
            self._cell = np.cumsum(size) - size
            self._all_row = expanded(size, heads[self._group])
            self._all_of = np.repeat(np.arange(self.situations), size)
        self._all_cells = len(self._all_row)
        self._there: Flags | None = None
        if self._partial.any():
            there = Pieces(np.arange(len(group)), self.members.begin, self.members.end, None)
            self._there = self._marked(there)
        self.of, self.row = self._shown(self._all_of), self._shown(self._all_row)

    def _shown(self, column: Column) -> Column:
        if self._there is None:
            return column
        shown: Any = column[self._there]
        return shown  # type: ignore[no-any-return]

    def _marked(self, pieces: Pieces) -> Flags:
        found = np.zeros(self._all_cells, np.bool_)
        found[self._cells_of(pieces)[0]] = True
        return found

    def _cells_of(self, pieces: Pieces) -> tuple[Rows, Rows]:
        """The cells on whose days the pieces lie, and how many each has, piece by piece."""
        if self._group is None:
            return pieces.row, np.ones(len(pieces.row), np.int64)
        group = self.members.group[pieces.row]
        first = self._place(group, pieces.begin, self.begin, 0)
        last = self._place(group, pieces.end, self.end, 1)
        counts = last - first
        turn = expanded(counts, np.zeros(len(counts), np.int64))
        inside = self._cell[first] + pieces.row - self._head[group]
        return np.repeat(inside, counts) + turn * np.repeat(self._size[group], counts), counts

    def _place(self, group: Rows, days: Days, edge: int, after: int) -> NDArray[np.int64]:
        """The situation that begins on each day; at the edge the first, or the next group's."""
        found: NDArray[np.int64] = self._first[group + after]
        cut = np.flatnonzero(days != edge)
        found[cut] = np.searchsorted(self._cut_keys, _key(group[cut], days[cut])) + group[cut] + 1
        return found


def _key(group: Rows, days: Days) -> NDArray[np.int64]:
    return (group.astype(np.int64) << DAY_BITS) | (days.astype(np.int64) - FIRST)


def numbered(members: Memberships) -> Memberships:
    """The same groups, numbered from 0 without a gap."""
    group = np.cumsum(np.diff(members.group, prepend=members.group[:1]) != 0).astype(np.int32)
    return Memberships(group, members.who, members.begin, members.end, members.role)


def laid(
    roster: Roster,
    rows: Rows,
    begin: int,
    end: int,
    within: Mapping[str, Spans],
    ages: Collection[int],
    params: Mapping[str, int],
) -> Grid:
    """Some rows of a roster, all of their groups, within an epoch to which the facts are cut."""
    members = roster.members
    of_epoch = numbered(
        Memberships(
            members.group.take(rows),
            members.who.take(rows),
            np.maximum(members.begin.take(rows), begin),
            np.minimum(members.end.take(rows), end),
            members.role.take(rows),
        )
    )
    place = np.full(len(members), -1, np.int32)
    place[rows] = np.arange(len(rows), dtype=np.int32)
    pieces = {name: _pieces(spans, place) for name, spans in within.items()}
    birthdays = {years: roster.birthday(years).take(rows) for years in ages}
    born = roster.births_of_rows.take(rows) if ages else roster.births_of_rows[:0]
    return Grid(of_epoch, begin, end, pieces, born, birthdays, params)


def _pieces(spans: Spans, place: Rows) -> Pieces:
    row = place.take(spans.who)
    if (row >= 0).all():
        return Pieces(row, spans.begin, spans.end, spans.value)
    kept = np.flatnonzero(row >= 0)
    value = None if spans.value is None else spans.value.take(kept)
    return Pieces(row.take(kept), spans.begin.take(kept), spans.end.take(kept), value)
