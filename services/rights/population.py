"""A population in columns: births, what was said of each person, and the groups they are in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.rights.domain import Group
from services.rights.spans import Days, Flags, Spans

ROLES = ("", "HOLDER", "PARTNER", "DEPENDANT", "PARENT", "CHILD")
"""What a member may be in a group; columns hold the place in this list."""


@dataclass(frozen=True, slots=True)
class Memberships:
    """Who belongs to which group on which days, in order of group and person.

    One person's days in one group do not overlap.
    """

    group: NDArray[np.int32]
    who: NDArray[np.int32]
    begin: Days
    end: Days
    role: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.group)

    @property
    def nbytes(self) -> int:
        columns = (self.group, self.who, self.begin, self.end, self.role)
        return sum(column.nbytes for column in columns)


@dataclass(frozen=True, slots=True)
class Population:
    """Some persons, and all whose facts count for them; no group reaches beyond.

    Statements of one status do not overlap where they are amounts: what was said last counts.
    """

    ssins: NDArray[np.bytes_]
    births: Days
    """`NEVER` where it is not known."""
    said: Mapping[str, Spans]
    """By status."""
    groups: Mapping[Group, Memberships]

    def __len__(self) -> int:
        return len(self.births)

    @property
    def nbytes(self) -> int:
        said = sum(spans.nbytes for spans in self.said.values())
        groups = sum(memberships.nbytes for memberships in self.groups.values())
        return self.ssins.nbytes + self.births.nbytes + said + groups


def reached(population: Population, marked: Flags, levels: int) -> Flags:
    """With everybody for whom the facts of somebody marked count, through so many groups."""
    for _ in range(levels):
        further = marked.copy()
        for members in population.groups.values():
            if len(members):
                groups = np.zeros(int(members.group.max()) + 1, np.bool_)
                groups[members.group[marked.take(members.who)]] = True
                further[members.who[groups.take(members.group)]] = True
        marked = further
    return marked


def arrays(population: Population) -> dict[str, NDArray[np.generic]]:
    """Every column by a name of its own, such as `said.GRAPA.begin`."""
    found: dict[str, NDArray[np.generic]] = {"ssins": population.ssins, "births": population.births}
    for status, spans in population.said.items():
        found |= {f"said.{status}.{name}": getattr(spans, name) for name in ("who", "begin", "end")}
        if spans.value is not None:
            found[f"said.{status}.value"] = spans.value
    for group, members in population.groups.items():
        for name in ("group", "who", "begin", "end", "role"):
            found[f"groups.{group}.{name}"] = getattr(members, name)
    return found
