"""Differences of many persons at once: decided as always, written by COPY in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mesh import clock, database, outbox
from mesh.outbox import Parcel
from services.rights import integration, rows, telling
from services.rights.deciding import decisions
from services.rights.deciding.affected import Question
from services.rights.deciding.decisions import Change
from services.rights.domain import Decision, Entitlement
from services.rights.law.in_force import Follower
from services.rights.law.rulebook import Rulebook
from services.rights.store import Store
from services.rights.waivers import domain as waivers
from services.rights.waivers import store as waiver_store

OVERLAP: Final = timedelta(minutes=5)
"""What was recorded so long before a snapshot may have been committed after it."""
_DECISIONS: Final = (
    "ssin", "id", "entitlement_id", "right", "kind", "begin", "end", "void", "renewable",
    "ground_begin", "ground_end", "version", "decided_at", "caused_by", "amounts",
)  # fmt: skip
_NEWS: Final = """
    SELECT ssin FROM statements WHERE ssin = ANY(CAST(:ssins AS text[])) AND recorded_at > :since
    UNION SELECT ssin FROM households
    WHERE ssin = ANY(CAST(:ssins AS text[])) AND recorded_at > :since
    UNION SELECT ssin FROM decisions
    WHERE ssin = ANY(CAST(:ssins AS text[])) AND decided_at > :since
    UNION SELECT unnest(ARRAY[ssin, replaced_by]) FROM replaced_numbers WHERE recorded_at > :since
"""


@dataclass(frozen=True, slots=True)
class Differences:
    """What should be, of rights and persons that differ from what was read."""

    entitled: Mapping[Question, Sequence[Entitlement]]
    dues: Mapping[Question, date | None]
    persons: Sequence[str]
    """All whose facts count."""
    reached: Callable[[Collection[str]], frozenset[str]]
    """For whom the facts of those persons count."""
    turn: int
    read_at: datetime


@dataclass(frozen=True, slots=True)
class Written:
    """What was decided, and of whom there was news since it was read: nothing of them was."""

    changes: Sequence[Change]
    stale: frozenset[str]


class Writer(Follower):
    """Compares with what stands now, and keeps and tells what differs."""

    def __init__(
        self,
        rulebook: Rulebook,
        store: Store,
        engine: AsyncEngine,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._rulebook = rulebook
        self._store = store
        self._engine = engine
        self._now = now
        self._own_turns = 0

    async def write(self, differences: Differences, *, dry: bool = False) -> Written:
        """All of it or nothing; nobody else decides meanwhile. Dry: it is only counted."""
        if dry:
            async with self._store.reading() as connection:
                changes, _ = await self._changes(connection, differences, frozenset(), self._now())
            return Written(changes, frozenset())
        async with self._engine.begin() as connection:
            turn = await connection.scalar(text("SELECT turn FROM mailbox FOR UPDATE"))
            now, stale = self._now(), frozenset[str]()
            if turn != differences.turn + self._own_turns:
                stale = await self._stale(connection, differences)
            changes, parcels = await self._changes(connection, differences, stale, now)
            if changes or differences.dues:
                if changes:
                    await self._keep(connection, changes, parcels, now)
                dues = {q: day for q, day in differences.dues.items() if q[1] not in stale}
                await _set_dues(connection, dues)
                await connection.execute(text("UPDATE mailbox SET turn = turn + 1"))
                self._own_turns += 1
        return Written(changes, stale & {ssin for _, ssin in differences.entitled})

    def begin(self) -> None:
        """What is written from now on rests on a new reading."""
        self._own_turns = 0

    async def _stale(self, connection: AsyncConnection, of: Differences) -> frozenset[str]:
        since = of.read_at - OVERLAP
        given = {"ssins": list(of.persons), "since": since}
        return of.reached(set(await connection.scalars(text(_NEWS), given)))

    async def _changes(
        self, connection: AsyncConnection, of: Differences, stale: frozenset[str], now: datetime
    ) -> tuple[list[Change], list[Parcel]]:
        """Person by person, right by right, in the order of the rules."""
        order = {right: number for number, right in enumerate(self._rulebook.rules)}
        questions = sorted(
            (q for q in of.entitled if q[1] not in stale), key=lambda q: (q[1], order[q[0]])
        )
        ssins = {ssin for _, ssin in questions}
        standing: dict[Question, list[Decision]] = {}
        for found in await self._store.standing(connection, ssins):
            standing.setdefault((found.right, found.ssin), []).append(found)
        waived = await waiver_store.known(connection, ssins, now) if ssins else ()
        changes: list[Change] = []
        parcels: list[Parcel] = []
        for right, ssin in questions:
            stands = standing.get((right, ssin), ())
            made = decisions.difference(
                ssin,
                right,
                stands,
                of.entitled[right, ssin],
                new_id=lambda: uuid4().hex,
                decided_at=now,
                caused_by="",
            )
            changes += made
            days = waivers.days((w for w in waived if w.ssin == ssin), right)
            before = {d.entitlement_id: d for d in stands}
            parcels += telling.of_changes(made, before, days, self._rulebook, None)
        return changes, parcels

    async def _keep(
        self,
        connection: AsyncConnection,
        changes: Sequence[Change],
        parcels: Sequence[Parcel],
        now: datetime,
    ) -> None:
        made = [rows.of_decision(change.decision) for change in changes]
        columns = ("decision_id" if name == "id" else name for name in _DECISIONS)
        await _copy(connection, "decisions", columns, ([r[n] for n in _DECISIONS] for r in made))
        await _copy(
            connection,
            "outbox",
            ("id", "kind", "payload", "traceparent"),
            ([uuid4(), p.kind, p.payload, p.traceparent] for p in parcels),
        )
        await integration.integrate(connection, {c.decision.ssin for c in changes}, now)
        await database.notify(connection, outbox.CHANNEL)


async def _set_dues(connection: AsyncConnection, dues: Mapping[Question, date | None]) -> None:
    """As `recording` does it for few."""
    await connection.execute(
        text('CREATE TEMP TABLE given ("right" text, ssin text, due_on date) ON COMMIT DROP')
    )
    lines = ([right, ssin, day] for (right, ssin), day in dues.items())
    await _copy(connection, "given", ("right", "ssin", "due_on"), lines)
    for statement in (
        "ANALYZE given",
        """
        DELETE FROM dues USING given WHERE dues.ssin = given.ssin
        AND dues."right" = given."right" AND given.due_on IS NULL
        """,
        """
        INSERT INTO dues (ssin, "right", due_on)
        SELECT ssin, "right", due_on FROM given WHERE due_on IS NOT NULL
        ON CONFLICT (ssin, "right") DO UPDATE SET due_on = excluded.due_on
        """,
    ):
        await connection.execute(text(statement))


async def _copy(connection: AsyncConnection, table: str, columns: Any, lines: Any) -> None:
    """In the transaction of the connection."""
    names = ", ".join(f'"{name}"' for name in columns)
    driver: Any = (await connection.get_raw_connection()).driver_connection
    async with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        for line in lines:
            await copy.write_row(line)
