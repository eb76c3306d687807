"""Components of a world: persons that have nothing to do with others, as worlds of their own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from oracle.world import Column, Groups, Spells, World


def load(path: Path, whole: World) -> list[World]:
    """One world for each number in the array `apart`, which has one for each person, in order."""
    with np.load(path) as file:
        apart = file["apart"].astype(np.int64)
    assert (np.diff(apart) >= 0).all(), "persons of a component stand together"
    return [_only(whole, np.flatnonzero(apart == each)) for each in np.unique(apart)]


def _only(whole: World, persons: Column) -> World:
    place = np.full(whole.persons, -1)
    place[persons] = np.arange(len(persons))
    incomes = {}
    for year, (who, cents) in whole.incomes.items():
        there = place[who] >= 0
        incomes[year] = (place[who[there]], cents[there])
    means, kept = _spells(whole.means[0], place)
    return replace(
        whole,
        means=(means, whole.means[1][kept]),
        born=whole.born[persons],
        said={status: _spells(spells, place)[0] for status, spells in whole.said.items()},
        groups={sort: _groups(groups, place) for sort, groups in whole.groups.items()},
        incomes=incomes,
    )


def _spells(spells: Spells, place: Column) -> tuple[Spells, NDArray[np.bool_]]:
    there = place[spells.person] >= 0
    kept = Spells(place[spells.person[there]], spells.begin[there], spells.end[there])
    return kept, there


def _groups(groups: Groups, place: Column) -> Groups:
    spells, there = _spells(groups.spells, place)
    numbers, group = np.unique(groups.group[there], return_inverse=True)
    return Groups(spells, group, groups.role[there], len(numbers))
