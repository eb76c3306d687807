"""Components: persons whose rights can depend on each other, since some group has held both."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.rights.domain import Group
from services.rights.everybody.population import Memberships, Population
from services.rights.everybody.spans import Flags

GROUPS = (Group.DOMICILE, Group.FUND_HOUSEHOLD)
"""Those that the rights compared ask for."""


def labels(population: Population) -> NDArray[np.int64]:
    """Of each person the lowest place of anybody in the same component."""
    found = np.arange(len(population))
    while True:
        before = found.copy()
        for group in GROUPS:
            members = population.groups[group]
            lowest = np.full(int(members.group.max(initial=-1)) + 1, len(found))
            np.minimum.at(lowest, members.group, found[members.who])
            np.minimum.at(found, members.who, lowest[members.group])
        found = found[found]
        if (found == before).all():
            return found


def only(population: Population, persons: Flags) -> Population:
    """These persons alone, in the same order; others are left out of their groups."""
    place = np.cumsum(persons) - 1
    said = {}
    for status, spans in population.said.items():
        kept = spans.where(persons[spans.who])
        said[status] = type(kept)(
            place[kept.who].astype(np.int32), kept.begin, kept.end, kept.value
        )
    groups = {}
    for group, members in population.groups.items():
        there = persons[members.who]
        groups[group] = Memberships(
            members.group[there],
            place[members.who[there]].astype(np.int32),
            members.begin[there],
            members.end[there],
            members.role[there],
        )
    return Population(population.ssins[persons], population.births[persons], said, groups)
