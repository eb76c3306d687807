"""The world that is decided on: persons, what is said of them and who belongs with whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from oracle import terms

Column = NDArray[np.int64]
Columns = Mapping[str, Column]
INCOME = "TAXABLE_INCOME"
MEANS = "MONTHLY_MEANS"
DEPENDANT = 3
"""The role in a fund household, as the file numbers them."""
UNKNOWN = terms.number("9999-12-31")
"""As a day of birth; as an end, of what runs on."""


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
    role: Column
    count: int

    def on(self, day: int, persons: int) -> Column:
        """The group of each person; -1 where in none."""
        found = np.full(persons, -1, np.int64)
        there = self.spells.on(day)
        found[self.spells.person[there]] = self.group[there]
        return found

    def has_role(self, role: int, day: int, persons: int) -> NDArray[np.bool_]:
        """Who is in a group as that on a day."""
        found = np.zeros(persons, bool)
        found[self.spells.person[self.spells.on(day) & (self.role == role)]] = True
        return found


@dataclass(frozen=True, slots=True)
class World:
    """All of it. Days are numbers since 1970."""

    born: Column
    """UNKNOWN where it is not."""
    said: Mapping[str, Spells]
    """By status."""
    groups: Mapping[str, Groups]
    incomes: Mapping[int, tuple[Column, Column]]
    """By year: persons and cents."""
    means: tuple[Spells, Column]
    """Days on which persons have declared what they have in a month, and how many cents."""
    start: int
    """Before it nothing is said; scanning begins there."""
    asked: Column
    """On which days rights are compared."""

    @property
    def persons(self) -> int:
        return len(self.born)


_NOTHING = np.empty(0, np.int64)
NO_MEANS = (Spells(_NOTHING, _NOTHING, _NOTHING), _NOTHING)


def load(path: Path) -> World:
    """See README.md for the arrays in the file. Raises KeyError where one is missing."""
    with np.load(path) as file:
        held = {name: file[name] for name in file.files}
    statuses = {name.split(".")[1] for name in held if name.startswith("said.")}
    groups = {sort: _groups(held, f"groups.{sort}") for sort in ("domicile", "fund_household")}
    return World(
        held["births"].astype(np.int64),
        {status: _spells(held, f"said.{status}") for status in statuses - {INCOME, MEANS}},
        groups,
        _incomes(held) if INCOME in statuses else {},
        _means(held) if MEANS in statuses else NO_MEANS,
        int(held["start"]),
        held["asked"].astype(np.int64),
    )


def _means(held: Columns) -> tuple[Spells, Column]:
    return _spells(held, f"said.{MEANS}"), held[f"said.{MEANS}.value"].astype(np.int64)


def _spells(held: Columns, table: str) -> Spells:
    who, begin, end = (held[f"{table}.{name}"].astype(np.int64) for name in ("who", "begin", "end"))
    return Spells(who, begin, end)


def _groups(held: Columns, table: str) -> Groups:
    group = held[f"{table}.group"].astype(np.int64)
    role = held[f"{table}.role"].astype(np.int64)
    return Groups(_spells(held, table), group, role, int(group.max(initial=-1)) + 1)


def _incomes(held: Columns) -> dict[int, tuple[Column, Column]]:
    """Each income is of one calendar year."""
    said = _spells(held, f"said.{INCOME}")
    cents = held[f"said.{INCOME}.value"].astype(np.int64)
    years = terms.parts(said.begin)[0]
    assert (terms.after(said.begin, 12) == said.end).all(), "an income is of a whole year"
    found = np.unique(years)
    return {int(year): (said.person[years == year], cents[years == year]) for year in found}
