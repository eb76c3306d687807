"""Writing in the register of persons: one transaction holds the persons, nothing is overwritten."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mesh import outbox
from mesh.written import Written
from services.repertory import rows
from services.repertory.domain import Inscription
from services.repertory.inscriptions import Change
from services.repertory.numbers import PUBLISH

LEDGER = "ledger"
"""Kind of what the outbox tells the ledger."""


@dataclass(frozen=True, slots=True)
class Request:
    """A write as it was asked; the same id must come with the same digest."""

    caller: str
    request_id: str
    digest: bytes
    ticket: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """Where a write stands: its place in the log of writes, its recorded moment, its ticket."""

    position: int
    at: datetime
    ticket: str


@dataclass(frozen=True, slots=True)
class First:
    """What came of the first request with this id."""

    digest: bytes
    recorded: Recorded


@dataclass(frozen=True)
class Standing:
    """The lines of some persons, held until the transaction ends."""

    connection: AsyncConnection
    in_force: Mapping[str, str]
    """The number in force of each number asked for."""
    lines: tuple[Inscription, ...]
    first: First | None


class Recorder:
    """Changes to the lines of persons, each with its request and its place in the log of writes."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @asynccontextmanager
    async def changing(
        self, request: Request, ssins: Collection[str], *, replacing: bool = False
    ) -> AsyncIterator[Standing]:
        """A transaction that holds some persons and the request: others who want them wait.

        Locks are taken in one order, so that no two writes wait for each other. Each is a
        statement of its own: the next one sees what the holder before wrote.
        """
        async with self._engine.begin() as connection:
            lock = "pg_advisory_xact_lock" if replacing else "pg_advisory_xact_lock_shared"
            await connection.execute(text(f"SELECT {lock}(hashtextextended('replacements', 0))"))
            in_force = await self._in_force(connection, ssins)
            await self._lock(connection, request, {*ssins, *in_force.values()})
            first = await self._first(connection, request)
            lines = await self._lines(connection, set(in_force.values()))
            yield Standing(connection, in_force, lines, first)

    async def record(
        self, standing: Standing, request: Request, change: Change, written: Written
    ) -> Recorded:
        """Close and open lines, keep the request, take the next place in the log; one statement."""
        row = (
            await standing.connection.execute(
                text(
                    """
                    WITH ticked AS (
                        UPDATE positions
                        SET position = position + 1,
                            moment = greatest(clock_timestamp(), moment + interval '1 microsecond')
                        RETURNING position, moment
                    ), asked AS (
                        INSERT INTO requests
                            (caller, request_id, digest, ticket, position, recorded_at, written)
                        SELECT :caller, :request_id, :digest, :ticket, position, moment,
                               CAST(:written AS jsonb)
                        FROM ticked
                    ), closed AS (
                        UPDATE inscriptions AS line SET recorded_until = ticked.moment
                        FROM ticked, unnest(
                            CAST(:closed_ssins AS text[]), CAST(:closed_sectors AS smallint[]),
                            CAST(:closed_numbers AS integer[]),
                            CAST(:closed_qualities AS smallint[]),
                            CAST(:closed_phases AS smallint[]), CAST(:closed_begins AS date[]),
                            CAST(:closed_ends AS date[])
                        ) AS gone(ssin, sector, number, quality, phase, begins, ends)
                        WHERE (line.ssin, line.sector, line.number, line.quality, line.phase,
                               line.begins)
                            = (gone.ssin, gone.sector, gone.number, gone.quality, gone.phase,
                               gone.begins)
                            AND line.recorded_until = 'infinity'
                    ), opened AS (
                        INSERT INTO inscriptions
                            (ssin, sector, number, quality, phase, begins, ends, recorded_from)
                        SELECT come.*, ticked.moment
                        FROM ticked, unnest(
                            CAST(:opened_ssins AS text[]), CAST(:opened_sectors AS smallint[]),
                            CAST(:opened_numbers AS integer[]),
                            CAST(:opened_qualities AS smallint[]),
                            CAST(:opened_phases AS smallint[]), CAST(:opened_begins AS date[]),
                            CAST(:opened_ends AS date[])
                        ) AS come(ssin, sector, number, quality, phase, begins, ends)
                    )
                    SELECT position, moment FROM ticked
                    """
                ),
                {
                    "caller": request.caller,
                    "request_id": request.request_id,
                    "digest": request.digest,
                    "ticket": request.ticket,
                    "written": json.dumps(written),
                    **rows.columns("closed", change.closed),
                    **rows.columns("opened", change.opened),
                },
            )
        ).one()
        return Recorded(row.position, row.moment, request.ticket)

    async def replace(self, standing: Standing, old: str, new: str, at: datetime) -> None:
        """Record that `new` is in force instead of `old`, and of what `old` replaced before.

        The numbers that `old` replaced may be anywhere: a deliberate scatter.
        """
        await standing.connection.execute(
            text(
                """
                WITH closed AS (
                    UPDATE replacements SET recorded_until = :at
                    WHERE replaced_by = :old AND recorded_until = 'infinity'
                    RETURNING ssin
                )
                INSERT INTO replacements (ssin, replaced_by, recorded_from)
                SELECT ssin, :new, CAST(:at AS timestamptz) FROM closed
                UNION ALL SELECT :old, :new, CAST(:at AS timestamptz)
                """
            ),
            {"old": old, "new": new, "at": at},
        )

    async def tell(self, standing: Standing, payload: bytes) -> None:
        """Let the outbox tell the ledger, if and only if the transaction commits."""
        await outbox.put(standing.connection, LEDGER, payload)

    async def publish(self, standing: Standing, payload: bytes) -> None:
        """Let the outbox tell the network, if and only if the transaction commits."""
        await outbox.put(standing.connection, PUBLISH, payload)

    async def tell_at_once(self, payload: bytes) -> None:
        """Let the outbox tell the ledger of something that changes nothing here."""
        async with self._engine.begin() as connection:
            await outbox.put(connection, LEDGER, payload)

    async def _in_force(
        self, connection: AsyncConnection, ssins: Collection[str]
    ) -> dict[str, str]:
        found = await connection.execute(
            text(
                "SELECT ssin, replaced_by FROM replacements "
                "WHERE ssin = ANY(CAST(:ssins AS text[])) AND recorded_until = 'infinity'"
            ),
            {"ssins": list(ssins)},
        )
        replaced = {row.ssin: row.replaced_by for row in found}
        return {ssin: replaced.get(ssin, ssin) for ssin in ssins}

    async def _lock(
        self, connection: AsyncConnection, request: Request, ssins: Collection[str]
    ) -> None:
        names = [
            f"request {request.caller} {request.request_id}",
            *(f"person {ssin}" for ssin in ssins),
        ]
        await connection.execute(
            text(
                """
                SELECT pg_advisory_xact_lock(hash) FROM (
                    SELECT DISTINCT hashtextextended(name, 0) AS hash
                    FROM unnest(CAST(:names AS text[])) AS given(name) ORDER BY hash
                ) AS ordered
                """
            ),
            {"names": names},
        )

    async def _first(self, connection: AsyncConnection, request: Request) -> First | None:
        row = (
            await connection.execute(
                text(
                    "SELECT digest, position, recorded_at, ticket FROM requests "
                    "WHERE caller = :caller AND request_id = :request_id"
                ),
                {"caller": request.caller, "request_id": request.request_id},
            )
        ).one_or_none()
        if row is None:
            return None
        return First(bytes(row.digest), Recorded(row.position, row.recorded_at, row.ticket))

    async def _lines(
        self, connection: AsyncConnection, ssins: Collection[str]
    ) -> tuple[Inscription, ...]:
        found = await connection.execute(
            text(
                "SELECT ssin, sector, number, quality, phase, begins, ends, recorded_from "
                "FROM inscriptions "
                "WHERE ssin = ANY(CAST(:ssins AS text[])) AND recorded_until = 'infinity'"
            ),
            {"ssins": list(ssins)},
        )
        return tuple(rows.inscription(row) for row in found)
