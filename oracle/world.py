"""The world that is decided on: persons, what is said of them and who belongs with whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.int64]
OPEN = 2**31 - 1
"""The end of what runs on."""


@dataclass(frozen=True, slots=True)
class Spells:
    """Days from `begin` up to but not including `end`, each of one person."""

    person: Column
    begin: Column
    end: Column

    def on(self, day: int) -> NDArray[np.bool_]:
        """Which of them hold on a day."""
        return (self.begin <= day) & (day < self.end)


@dataclass(frozen=True, slots=True)
class Groups:
    """Who is in which group of one sort, and when; a person is in at most one on a day."""

    spells: Spells
    group: Column
    count: int

    def on(self, day: int, persons: int) -> Column:
        """The group of each person; -1 where in none."""
        found = np.full(persons, -1, np.int64)
        there = self.spells.on(day)
        found[self.spells.person[there]] = self.group[there]
        return found


@dataclass(frozen=True, slots=True)
class World:
    """All of it. Days are numbers since 1970."""

    born: Column
    """OPEN where it is not known."""
    said: Mapping[str, Spells]
    """By status."""
    groups: Mapping[str, Groups]
    incomes: Mapping[int, tuple[Column, Column]]
    """By year: persons and cents."""
    start: int
    """Before it nothing is said; scanning begins there."""
    asked: Column
    """On which days rights are compared."""

    @property
    def persons(self) -> int:
        return len(self.born)


def load(path: Path) -> World:
    """See README.md for the arrays in the file."""
    with np.load(path) as file:
        held = {name: file[name] for name in file.files}
    names = [str(name) for name in held["status_names"]]
    persons = len(held["born"])
    said = {
        name: _spells(held, "said", held["said_status"] == index)
        for index, name in enumerate(names)
    }
    groups = {
        sort: Groups(
            _spells(held, sort, np.full(len(held[f"{sort}_group"]), fill_value=True)),
            held[f"{sort}_group"].astype(np.int64),
            int(held[f"{sort}_group"].max(initial=-1)) + 1,
        )
        for sort in ("domicile", "fund_household")
    }
    years = held["income_year"]
    incomes = {
        int(year): (
            held["income_person"][years == year].astype(np.int64),
            held["income_cents"][years == year].astype(np.int64),
        )
        for year in np.unique(years)
    }
    assert persons, "a world has persons"
    return World(
        held["born"].astype(np.int64),
        said,
        groups,
        incomes,
        int(held["start"]),
        held["asked"].astype(np.int64),
    )


def _spells(held: Mapping[str, NDArray[np.int64]], table: str, which: NDArray[np.bool_]) -> Spells:
    person, begin, end = (
        held[f"{table}_{column}"][which].astype(np.int64) for column in ("person", "begin", "end")
    )
    return Spells(person, begin, end)
