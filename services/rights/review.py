"""The review: everybody's rights worked out at once, and what differs from before decided."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg import sql
from sqlalchemy.engine import make_url

from mesh import clock
from services.rights import census, country, snapshot, spans, standing
from services.rights.affected import Question
from services.rights.country import Part
from services.rights.crew import Crew
from services.rights.differences import Differences, Writer
from services.rights.domain import Entitlement
from services.rights.entitled import Entitled
from services.rights.in_force import Follower
from services.rights.population import Population
from services.rights.reevaluation import REGION
from services.rights.rulebook import Rulebook
from services.rights.run_store import Counts
from services.rights.snapshot import Snapshot
from services.rights.spans import NEVER, Days
from services.rights.standing import Decided, Dues, Lines

PERSONS = 80_000
"""Decided together, those whose facts count for them aside."""
WorkedOut = list[tuple[str, Entitled, Days]]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a review is."""

    persons: int
    of_persons: int
    counts: Counts
    left: frozenset[str]
    """Who must be decided one at a time: columns do not hold all that counts for them."""


@dataclass(frozen=True, slots=True)
class Read:
    """What the database held at one moment."""

    found: Snapshot
    stands: Mapping[str, Lines]
    dues: Mapping[str, Dues]
    turn: int
    at: datetime

    @property
    def today(self) -> date:
        return self.at.astimezone(clock.BRUSSELS).date()


class Review(Follower):
    """Goes over everybody part by part; what one review decided, the next finds decided."""

    def __init__(
        self,
        rulebook: Rulebook,
        writer: Writer,
        url: str,
        crew: Crew,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._rulebook = rulebook
        self._writer = writer
        self._url = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._crew = crew
        self._now = now

    async def run(self, rights: Collection[str], *, dry: bool = False) -> AsyncIterator[Progress]:
        """Decide, keep and tell what differs; dry: only count it."""
        rulebook = self._rulebook
        read = await asyncio.to_thread(self._read, rulebook)
        self._writer.begin()
        people, levels = read.found.country, country.levels(rulebook.rules)
        left = frozenset(_written(read.found.strangers))
        done = Progress(0, len(people), Counter(), left)
        yield done
        going = self._parts(read, rulebook)
        while (each := await asyncio.to_thread(next, going, None)) is not None:
            part, worked_out = each
            here = slice(part.first, part.first + part.decided)
            apart = people.apart[here]
            differences = _differing(read, part, worked_out, rights, apart, levels)
            made = await self._writer.write(differences, dry=dry)
            regions = _regions(rulebook, part.population, read.today)
            done = Progress(
                done.persons + part.decided,
                done.of_persons,
                done.counts
                + Counter(
                    (d.right, regions.get(d.ssin, ""), d.kind.value)
                    for d in (change.decision for change in made.changes)
                ),
                done.left | frozenset(_written(people.ssins[here][apart])) | made.stale,
            )
            yield done

    def _read(self, rulebook: Rulebook) -> Read:
        """As of one moment, what was said and what was decided side by side."""
        with psycopg.connect(self._url) as connection, ThreadPoolExecutor(1) as beside:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            row = connection.execute("SELECT turn, pg_export_snapshot() FROM mailbox").fetchone()
            assert row is not None
            at, (turn, moment) = self._now(), row
            decided = beside.submit(self._decided, list(rulebook.rules), moment)
            found = snapshot.read(connection, rulebook)
            stood, ssins = decided.result(), found.country.ssins
        return Read(found, standing.lines(stood, ssins), standing.dues(stood, ssins), turn, at)

    def _decided(self, rights: list[str], moment: str) -> Decided:
        with psycopg.connect(self._url) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(moment))
            return standing.read(connection, rights)

    def _parts(self, read: Read, rulebook: Rulebook) -> Iterator[tuple[Part, WorkedOut]]:
        sent: deque[Part] = deque()

        def populations() -> Iterator[Population]:
            for part in read.found.country.parts(PERSONS, country.levels(rulebook.rules)):
                sent.append(part)
                yield part.population

        work = partial(census.work_ahead, dict(rulebook.rules), read.today)
        for worked_out in self._crew.each(work, populations()):
            yield sent.popleft(), worked_out


def _differing(
    read: Read,
    part: Part,
    worked_out: WorkedOut,
    rights: Collection[str],
    apart: NDArray[np.bool_],
    levels: int,
) -> Differences:
    """Of those who are to be decided in a part and are not apart."""
    entitled: dict[Question, list[Entitlement]] = {}
    dues: dict[Question, date | None] = {}
    for right, found, due in worked_out:
        if right not in rights:
            continue
        stands = read.stands[right].of(part.first, part.decided)
        persons = standing.differing(found, part.decided, stands)
        persons = persons[~apart[persons]]
        ssins = {int(who): part.population.ssins[who].decode() for who in persons}
        entitled |= {(right, ssin): [] for ssin in ssins.values()}
        for who, entitlement in found.of(persons):
            entitled[right, ssins[who]].append(entitlement)
        ours = due[: part.decided]
        other = (ours != read.dues[right].of(part.first, part.decided)) & ~apart
        for place in np.flatnonzero(other):
            day = None if ours[place] == NEVER else spans.day(int(ours[place]))
            dues[right, part.population.ssins[place].decode()] = day
    return Differences(
        entitled,
        dues,
        [ssin.decode() for ssin in part.population.ssins],
        partial(_reached, part.population, levels),
        read.turn,
        read.at,
    )


def _reached(population: Population, levels: int, news: Collection[str]) -> frozenset[str]:
    """For whom the facts of those count, through however many groups."""
    marked = np.isin(population.ssins, np.array(sorted(news), "S11"))
    for _ in range(levels):
        for members in population.groups.values():
            groups = np.unique(members.group[marked[members.who]])
            marked[members.who[np.isin(members.group, groups)]] = True
    return frozenset(ssin.decode() for ssin in population.ssins[marked])


def _regions(rulebook: Rulebook, population: Population, today: date) -> dict[str, str]:
    """By person, where it is known."""
    sort, day = rulebook.statuses.sorts.get(REGION), spans.number(today)
    found: dict[str, str] = {}
    for status in sorted(sort.values) if sort else ():
        days = population.said.get(status, spans.NONE)
        there = days.who[(days.begin <= day) & (days.end > day)]
        found |= dict.fromkeys((ssin.decode() for ssin in population.ssins[there]), status)
    return found


def _written(ssins: NDArray[np.int64]) -> list[str]:
    return [ssin.decode() for ssin in country.written(ssins)]
