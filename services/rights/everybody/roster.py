"""The roster: who is in which group of one sort, found by group and by person."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from services.rights.everybody import almanac, spans
from services.rights.everybody.population import ROLES, Memberships
from services.rights.everybody.spans import FIRST, NEVER, Days, Flags, Rows, Spans


@dataclass(frozen=True, slots=True)
class Held:
    """Spans by row or person, and where those of each begin."""

    spans: Spans
    first: NDArray[np.int64]

    @staticmethod
    def of(found: Spans, rows: int) -> Held:
        return Held(found, found.first_of(rows))

    def on(self, rows: Rows) -> tuple[Rows, Rows]:
        """Of each given row every span: the place of the row among the given, and of the span."""
        first = self.first.take(rows)
        counts = self.first.take(rows + 1) - first
        if len(self.spans) == 0 or (counts <= 1).all():
            there = np.flatnonzero(counts)
            return there, first.take(there)
        return np.repeat(np.arange(len(rows)), counts), spans.expanded(counts, first)


@dataclass
class Roster:
    """Members of groups that are numbered without a gap; a row is a membership."""

    members: Memberships
    births: Days
    """Of persons."""
    births_of_rows: Days = field(init=False)
    groups: int = field(init=False)
    whole: bool = field(init=False)
    """Everybody is in one group, alone and for ever: row, group and person are the same."""
    first: NDArray[np.int64] = field(init=False)
    """The first row of each group, and the number of rows at the end."""
    _birthdays: dict[int, Days] = field(default_factory=dict)
    _held_days: Spans | None = None

    def __post_init__(self) -> None:
        members = self.members
        self.groups = int(members.group[-1]) + 1 if len(members) else 0
        self.first = np.concatenate(
            (np.flatnonzero(np.diff(members.group, prepend=-1)), [len(members)])
        )
        self.whole = False
        self.births_of_rows = self.births.take(members.who)
        self._index()

    @staticmethod
    def of_persons(births: Days) -> Roster:
        """Everybody in a group of her own, for ever."""
        persons = len(births)
        everybody = np.arange(persons, dtype=np.int32)
        open_ends = (np.full(persons, FIRST, np.int32), np.full(persons, NEVER, np.int32))
        nobody = np.zeros(persons, np.int8)
        found = Roster(Memberships(everybody, everybody, *open_ends, nobody), births)
        found.whole = True
        return found

    def _index(self) -> None:
        """One row of each person in a column, the others of those who have more apart."""
        who, persons = self.members.who, len(self.births)
        self._row = np.full(persons, -1, np.int32)
        self._row[who] = np.arange(len(who), dtype=np.int32)
        others = np.flatnonzero(self._row.take(who) != np.arange(len(who)))
        order = np.argsort(who[others], kind="stable")
        self._others = others[order]
        more = np.bincount(who[others], minlength=persons)
        self._others_first = np.concatenate(([0], np.cumsum(more)))
        self._several = more > 0

    def rows_of(self, who: Rows) -> tuple[Rows, Rows]:
        """Of each person given every row: her place among the given, and the row."""
        if self.whole:
            return np.arange(len(who)), who
        row = self._row.take(who)
        there = np.flatnonzero(row >= 0)
        several = np.flatnonzero(self._several.take(who))
        if not len(several):
            return there, row.take(there)
        first = self._others_first.take(who.take(several))
        counts = self._others_first.take(who.take(several) + 1) - first
        places = spans.expanded(counts, first)
        given = np.concatenate((there, np.repeat(several, counts)))
        rows: Rows = np.concatenate((row.take(there), self._others.take(places)))
        return given, rows

    def joined(self, of_persons: Spans) -> Spans:
        """By row: a person's spans on the days of each of her memberships, in order."""
        if self.whole:
            return of_persons
        given, row = self.rows_of(of_persons.who)
        begin = np.maximum(of_persons.begin.take(given), self.members.begin.take(row))
        end = np.minimum(of_persons.end.take(given), self.members.end.take(row))
        kept = np.flatnonzero(begin < end)
        value = None if of_persons.value is None else of_persons.value.take(given.take(kept))
        return spans.ordered(
            Spans(row.take(kept).astype(np.int32), begin.take(kept), end.take(kept), value)
        )

    def days(self) -> Spans:
        """The days of every membership, by row."""
        if self._held_days is None:
            rows = np.arange(len(self.members), dtype=np.int32)
            self._held_days = Spans(rows, self.members.begin, self.members.end)
        return self._held_days

    def spread(self, of_groups: Spans) -> Spans:
        """By row: the spans of a group on the days of each membership in it."""
        if self.whole:
            return of_groups
        first = self.first.take(of_groups.who)
        counts = self.first.take(of_groups.who + 1) - first
        row = spans.expanded(counts, first)
        given = np.repeat(np.arange(len(of_groups)), counts)
        begin = np.maximum(of_groups.begin.take(given), self.members.begin.take(row))
        end = np.minimum(of_groups.end.take(given), self.members.end.take(row))
        kept = np.flatnonzero(begin < end)
        return spans.ordered(
            Spans(row.take(kept).astype(np.int32), begin.take(kept), end.take(kept))
        )

    def gathered(self, of_rows: Spans) -> Spans:
        """By group: the days on which any of its rows has a span."""
        if self.whole:
            return of_rows
        group = self.members.group.take(of_rows.who)
        return spans.merged([spans.ordered(Spans(group, of_rows.begin, of_rows.end))])

    def named(self, of_rows: Spans) -> Spans:
        """By person, in the fewest spans."""
        if self.whole:
            return spans.merged([of_rows])
        who = self.members.who.take(of_rows.who)
        return spans.merged([spans.ordered(Spans(who, of_rows.begin, of_rows.end))])

    def lowest(self, days: Days) -> Days:
        """By person the first of the days of all who are ever in a group of hers."""
        if self.whole:
            return days
        found = np.full(len(days), NEVER, np.int32)
        if len(self.members):
            who = self.members.who
            of_groups = np.minimum.reduceat(days.take(who), self.first[:-1])
            np.minimum.at(found, who, of_groups.take(self.members.group))
        return found

    def birthday(self, years: int) -> Days:
        """By row the day on which so many years are over; `NEVER` where the birth is not known."""
        if years not in self._birthdays:
            self._birthdays[years] = almanac.after(self.births_of_rows, 12 * years)
        return self._birthdays[years]

    def role(self, role: str) -> Flags:
        found: Flags = self.members.role == (ROLES.index(role) if role in ROLES else -1)
        return found
