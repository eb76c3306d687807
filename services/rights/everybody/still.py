"""Groups in which nothing changes on some days: a situation each, a cell each of their rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

from services.rights.everybody.roster import Roster
from services.rights.everybody.spans import Cents, Days, Flags, Rows, Spans


@dataclass
class Still:
    """Implements `columns.Cells` for every group at once; `changing` ones have no answer in it."""

    roster: Roster
    begin: int
    end: int
    facts: Mapping[str, Spans]
    """By row, cut to the days."""
    changing: Flags
    """By group."""
    params: Mapping[str, int]
    situations: int = field(init=False)
    of: Rows = field(init=False)
    there: Flags = field(init=False)

    def __post_init__(self) -> None:
        members = self.roster.members
        self.situations, self.of = self.roster.groups, members.group
        self.there = (members.begin <= self.begin) & (members.end >= self.end)

    def has(self, fact: str) -> Flags:
        found = np.zeros(len(self.of), np.bool_)
        found[self.facts[fact].who] = True
        return found

    known = has

    def amount(self, fact: str) -> Cents:
        spans, cents = self.facts[fact], np.zeros(len(self.of), np.int64)
        if spans.value is not None:
            cents[spans.who] = spans.value
        return cents

    def born(self) -> Flags:
        return self._reached(self.roster.births_of_rows)

    def completed(self, years: int) -> Flags:
        return self._reached(self.roster.birthday(years))

    def role(self, role: str) -> Flags:
        return self.roster.role(role)

    def spans(self, cells: Flags) -> Spans:
        """The days of the flagged members, with their persons; in no order."""
        rows = np.flatnonzero(cells & self.there)
        rows = rows.take(np.flatnonzero(~self.changing.take(self.of.take(rows))))
        who = self.roster.members.who.take(rows)
        begin = np.full(len(who), self.begin, np.int32)
        return Spans(who, begin, np.full(len(who), self.end, np.int32))

    def _reached(self, day: Days) -> Flags:
        found: Flags = day <= self.begin
        return found


def changing(
    roster: Roster, begin: int, end: int, within: Mapping[str, Spans], ages: Collection[int]
) -> Flags:
    """By group whether anything changes inside the days to which its facts are cut."""
    members = roster.members

    def inside(days: Days) -> Flags:
        return (days > begin) & (days < end)

    birthdays: list[Days] = [roster.births_of_rows] if ages else []
    birthdays += [roster.birthday(years) for years in ages]
    changes: list[Rows] = [np.flatnonzero(inside(members.begin) | inside(members.end))]
    changes += [np.flatnonzero(inside(days)) for days in birthdays]
    changes += [
        found.who.take(np.flatnonzero((found.begin > begin) | (found.end < end)))
        for found in within.values()
    ]
    found = np.zeros(roster.groups, np.bool_)
    for rows in changes:
        found[members.group.take(rows)] = True
    return found
