"""Prospects: which groups could meet a condition at all on some days, told without cutting them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from services.rights import almanac
from services.rights.expression import (
    Aged,
    Has,
    Is,
    Joined,
    Known,
    Node,
    Over,
    Person,
)
from services.rights.grid import Held
from services.rights.population import ROLES, Memberships
from services.rights.spans import Days, Flags

Prospect = Flags | bool


@dataclass(frozen=True, slots=True)
class Prospects:
    """Of members, on the days [`begin`, `end`). Never false where the condition can be met.

    Groups are numbered without a gap.
    """

    members: Memberships
    begin: int
    end: int
    facts: Mapping[str, Held]
    births: Days

    def of(self, node: Node) -> Prospect:  # noqa: PLR0911 - one answer a node
        """By member: whether the condition could be met by her, or by her group."""
        match node:
            case Has(fact=fact) | Known(fact=fact):
                return self._held(self.facts[fact])
            case Aged():
                return self._aged(node)
            case Is(role=role):
                place = ROLES.index(role) if role in ROLES else -1
                return np.equal(self.members.role, place)
            case Over(quantifier="any_member" | "all_members", of=of):
                return self._some(self.of(of))
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
        """A member alone suffices, whichever way all are asked: none of the groups is empty."""
        if isinstance(members, bool):
            return members
        group = self.members.group
        found = np.zeros(int(group[-1]) + 1 if len(group) else 0, np.bool_)
        found[group[members]] = True
        return found[group]

    def _held(self, held: Held) -> Prospect:
        within = (held.spans.begin < self.end) & (held.spans.end > self.begin)
        if not within.any():
            return False
        if within.all():
            return held.somebody[self.members.who]
        somebody = np.zeros(len(held.somebody), np.bool_)
        somebody[held.spans.who[within]] = True
        return somebody[self.members.who]

    def _aged(self, node: Aged) -> Prospect:
        """Whether the age is reached before the end, or not yet over at the begin."""
        births = self.births[self.members.who]
        match node.sign:
            case ">=":
                return almanac.after(births, 12 * node.years) < self.end
            case ">":
                return almanac.after(births, 12 * node.years + 12) < self.end
            case "<":
                over = almanac.after(births, 12 * node.years)
            case "<=":
                over = almanac.after(births, 12 * node.years + 12)
            case _:
                over = almanac.after(births, 12 * node.years + 12)
                reached = almanac.after(births, 12 * node.years)
                return (over > self.begin) & (reached < self.end)
        return (over > self.begin) & (births < self.end)
