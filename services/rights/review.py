"""The review: everybody's rights worked out at once, and what differs from before decided."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import psycopg
from sqlalchemy.engine import make_url

from mesh import clock
from services.rights import census, country, population, spans, standing
from services.rights.affected import Question
from services.rights.crew import Crew
from services.rights.differences import Differences, Writer
from services.rights.domain import Entitlement
from services.rights.entitled import Entitled
from services.rights.in_force import Follower
from services.rights.population import Population
from services.rights.reevaluation import REGION
from services.rights.rulebook import Rulebook
from services.rights.run_store import Counts
from services.rights.snapshot import Part, Snapshot
from services.rights.spans import NEVER, Days

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
        with TemporaryDirectory(prefix="review-") as folder:
            async for done in self._run(Path(folder), rights, dry=dry):
                yield done

    async def _run(
        self, folder: Path, rights: Collection[str], *, dry: bool
    ) -> AsyncIterator[Progress]:
        rulebook = self._rulebook
        read = await asyncio.to_thread(self._read, rulebook, folder)
        self._writer.begin()
        levels = country.levels(rulebook.rules)
        left = frozenset(ssin.decode() for ssin in country.written(read.found.strangers))
        done = Progress(0, read.found.persons, Counter(), left)
        yield done
        going = self._parts(read, rulebook)
        while (each := await asyncio.to_thread(next, going, None)) is not None:
            part, worked_out = each
            made = await self._writer.write(
                _differing(read, part, worked_out, rights, levels), dry=dry
            )
            regions = _regions(rulebook, part.population, read.today)
            apart = part.population.ssins[: part.decided][part.apart]
            done = Progress(
                done.persons + part.decided,
                done.of_persons,
                done.counts
                + Counter(
                    (d.right, regions.get(d.ssin, ""), d.kind.value)
                    for d in (change.decision for change in made.changes)
                ),
                done.left | frozenset(ssin.decode() for ssin in apart) | made.stale,
            )
            yield done

    def _read(self, rulebook: Rulebook, folder: Path) -> Read:
        """As of one moment, what was said and what was decided."""
        found = Snapshot(rulebook, folder)
        with psycopg.connect(self._url) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            row = connection.execute("SELECT turn FROM mailbox").fetchone()
            assert row is not None
            at = self._now()
            found.read(connection, self._url)
        return Read(found, row[0], at)

    def _parts(self, read: Read, rulebook: Rulebook) -> Iterator[tuple[Part, WorkedOut]]:
        sent: deque[Part] = deque()

        def populations() -> Iterator[Population]:
            for part in read.found.parts():
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
    levels: int,
) -> Differences:
    """Of those who are to be decided in a part and are not apart."""
    entitled: dict[Question, list[Entitlement]] = {}
    dues: dict[Question, date | None] = {}
    for right, found, due in worked_out:
        if right not in rights:
            continue
        persons = standing.differing(found, part.decided, part.stands[right])
        persons = persons[~part.apart[persons]]
        ssins = {int(who): part.population.ssins[who].decode() for who in persons}
        entitled |= {(right, ssin): [] for ssin in ssins.values()}
        for who, entitlement in found.of(persons):
            entitled[right, ssins[who]].append(entitlement)
        ours = due[: part.decided]
        other = (ours != part.dues[right]) & ~part.apart
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


def _reached(of: Population, levels: int, news: Collection[str]) -> frozenset[str]:
    """For whom the facts of those count, through however many groups."""
    marked = np.isin(of.ssins, np.array(sorted(news), "S11"))
    return frozenset(s.decode() for s in of.ssins[population.reached(of, marked, levels)])


def _regions(rulebook: Rulebook, of: Population, today: date) -> dict[str, str]:
    """By person, where it is known."""
    sort, day = rulebook.statuses.sorts.get(REGION), spans.number(today)
    found: dict[str, str] = {}
    for status in sorted(sort.values) if sort else ():
        days = of.said.get(status, spans.NONE)
        there = days.who[(days.begin <= day) & (days.end > day)]
        found |= dict.fromkeys((ssin.decode() for ssin in of.ssins[there]), status)
    return found
