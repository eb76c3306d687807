"""The snapshot: all that the engine's database holds of everybody, put aside part by part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg import sql

from services.rights import country, dwellings, population, standing, testimony
from services.rights.country import Outline
from services.rights.domain import Group
from services.rights.drawers import Drawers
from services.rights.population import Memberships, Population
from services.rights.rulebook import Rulebook
from services.rights.seats import Seats
from services.rights.spans import Days, Flags
from services.rights.standing import Lines

PERSONS = 80_000
"""Decided together, those whose facts count for them aside."""
_EVERYBODY = {"ssin": "i8", "apart": "?"}
_MEMBERS = {"sort": "i1", "group": "i4", "who": "i4", "begin": "i4", "end": "i4", "role": "i1"}


@dataclass(frozen=True, slots=True)
class Part:
    """Some persons: what is known of them, and what stands of the first ones."""

    population: Population
    decided: int
    """So many are to be decided; the others are those whose facts count for them."""
    apart: Flags
    """Of those to be decided: for whom columns do not hold everything that counts."""
    stands: Mapping[str, Lines]
    dues: Mapping[str, Days]


class Snapshot:
    """What was read, in a folder; it is as long as the caller wants to keep that."""

    def __init__(self, rulebook: Rulebook, folder: Path) -> None:
        self._rulebook = rulebook
        self._rights = list(rulebook.rules)
        self._levels = country.levels(rulebook.rules)
        self._folder = folder
        self._everybody = Drawers(folder, "everybody", _EVERYBODY)
        self._members = Drawers(folder, "members", _MEMBERS)
        self._said = Drawers(folder, "said", testimony.SAID)
        self._decided = Drawers(folder, "decided", standing.DECIDED)
        self._due = Drawers(folder, "due", standing.DUE)
        self._sizes: list[int] = []
        self.strangers = np.empty(0, np.int64)
        """Of whom no group is kept: they must be asked about first."""

    @property
    def persons(self) -> int:
        return sum(self._sizes)

    def read(self, connection: psycopg.Connection, url: str) -> None:
        """As of the moment of the transaction, which is to be REPEATABLE READ."""
        seats = self._settle(connection)
        moment = connection.execute("SELECT pg_export_snapshot()").fetchone()
        assert moment is not None
        with ThreadPoolExecutor(1) as beside:
            decided = beside.submit(self._shelve_decided, url, moment[0], seats)
            self.strangers = testimony.shelve(connection, self._rulebook, seats, self._said)
            decided.result()

    def parts(self) -> Iterator[Part]:
        for number, decided in enumerate(self._sizes):
            yield self._part(number, decided)

    def _settle(self, connection: psycopg.Connection) -> Seats:
        """Who lives with whom is known as a whole only here."""
        found = dwellings.read(connection, self._folder)
        seated: list[NDArray[np.int32]] = []
        for number, outline in enumerate(found.country.outlines(PERSONS, self._levels)):
            drawer = np.full(len(outline.everybody), number)
            self._everybody.put(
                drawer,
                {
                    "ssin": found.in_order.take(outline.everybody),
                    "apart": found.apart.take(outline.everybody),
                },
            )
            self._shelve_members(number, outline)
            self._sizes.append(outline.decided)
            seated.append(outline.everybody.astype(np.int32))
        return Seats.of(found.ssins, found.rank, PERSONS, seated)

    def _shelve_members(self, number: int, outline: Outline) -> None:
        for sort, members in enumerate(outline.groups.values()):
            columns = {name: getattr(members, name) for name in _MEMBERS if name != "sort"}
            every = np.full(len(members), number)
            self._members.put(every, {"sort": np.full(len(members), sort), **columns})

    def _shelve_decided(self, url: str, moment: str, seats: Seats) -> None:
        with psycopg.connect(url) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(moment))
            standing.shelve(connection, self._rights, seats, self._decided, self._due)

    def _part(self, number: int, decided: int) -> Part:
        everybody = self._everybody.take(number)
        told = testimony.of_part(self._rulebook, self._said.take(number), everybody["ssin"])
        people = Population(
            country.written(everybody["ssin"]),
            told.births,
            told.said,
            self._groups(number, dwellings.GROUPS),
        )
        apart = population.reached(people, everybody["apart"] | told.apart, self._levels)
        return Part(
            people,
            decided,
            apart[:decided],
            standing.lines(self._rights, self._decided.take(number)),
            standing.dues(self._rights, self._due.take(number), decided),
        )

    def _groups(self, number: int, sorts: Sequence[Group]) -> dict[Group, Memberships]:
        rows = self._members.take(number)
        sort = rows.pop("sort")
        bounds = np.searchsorted(sort, np.arange(len(sorts) + 1)).tolist()
        return {
            group: Memberships(
                **{n: column[bounds[at] : bounds[at + 1]] for n, column in rows.items()}
            )
            for at, group in enumerate(sorts)
        }
