"""Prospects: which groups could meet a condition at all on some days, told without cutting them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from services.rights.everybody.roster import Roster
from services.rights.everybody.spans import Flags, Spans
from services.rights.law.expression import (
    Aged,
    Has,
    Is,
    Joined,
    Known,
    Node,
    Over,
    Person,
)

Prospect = Flags | bool


@dataclass(frozen=True, slots=True)
class Prospects:
    """Of the rows of a roster, on the days [`begin`, `end`).

    Never false where the condition can be met on one of them.
    """

    roster: Roster
    begin: int
    end: int
    facts: Mapping[str, Spans]
    """By row."""

    def of(self, node: Node) -> Prospect:  # noqa: PLR0911 - one answer a node
        """By member: whether the condition could be met by her, or by her group."""
        match node:
            case Has(fact=fact) | Known(fact=fact):
                return self._held(self.facts[fact])
            case Aged():
                return self._aged(node)
            case Is(role=role):
                return self.roster.role(role)
            case Over(quantifier="any_member", of=of):
                return self._some(self.of(of))
            case Over(quantifier="all_members", of=of):
                return self._all(self.of(of))
            case Person(of=of):
                return self.of(of)
            case Joined(word="and", parts=parts):
                return self._every(parts)
            case Joined(parts=parts):
                return self._either(parts)
        return True

    def _every(self, parts: tuple[Node, ...]) -> Prospect:
        found: Prospect = True
        for part in parts:
            there = self.of(part)
            if there is False:
                return False
            found = there if found is True else found if there is True else found & there
        return found

    def _either(self, parts: tuple[Node, ...]) -> Prospect:
        found: Prospect = False
        for part in parts:
            there = self.of(part)
            if there is True:
                return True
            found = there if found is False else found if there is False else found | there
        return found

    def _some(self, members: Prospect) -> Prospect:
        return members if isinstance(members, bool) else self._in_group(members)

    def _all(self, members: Prospect) -> Prospect:
        """Not where somebody who is there on all of the days never could, or nobody could."""
        if isinstance(members, bool):
            return members
        rows = self.roster.members
        always = (rows.begin <= self.begin) & (rows.end >= self.end)
        return self._in_group(members) & ~self._in_group(always & ~members)

    def _in_group(self, members: Flags) -> Flags:
        """For each row whether any of its group is flagged."""
        if self.roster.whole:
            return members
        group = self.roster.members.group
        found = np.zeros(self.roster.groups, np.bool_)
        found[group.take(np.flatnonzero(members))] = True
        return found.take(group)

    def _held(self, held: Spans) -> Prospect:
        within = np.flatnonzero((held.begin < self.end) & (held.end > self.begin))
        if not len(within):
            return False
        somebody = np.zeros(len(self.roster.members), np.bool_)
        somebody[held.who.take(within)] = True
        return somebody

    def _aged(self, node: Aged) -> Prospect:
        """Whether the age is reached before the end, or not yet over at the begin."""
        years, births = node.years, self.roster.births_of_rows
        match node.sign:
            case ">=":
                return self.roster.birthday(years) < self.end
            case ">":
                return self.roster.birthday(years + 1) < self.end
            case "<":
                over = self.roster.birthday(years)
            case "<=":
                over = self.roster.birthday(years + 1)
            case _:
                over = self.roster.birthday(years + 1)
                return (over > self.begin) & (self.roster.birthday(years) < self.end)
        return (over > self.begin) & (births < self.end)
