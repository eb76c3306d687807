"""Writing in the register of persons: one transaction holds the persons, nothing is overwritten."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mesh import outbox
from mesh.outbox import Parcel
from services.repertory import rows, write_log
from services.repertory.domain import Inscription
from services.repertory.numbers import PUBLISH
from services.repertory.write_log import Recorded, Request, Write

LEDGER = "ledger"
"""Kind of what the outbox tells the ledger."""


REPLACING = text("SELECT pg_advisory_xact_lock(hashtextextended('replacements', 0))")
WRITING = text("SELECT pg_advisory_xact_lock_shared(hashtextextended('replacements', 0))")
"""Numbers are replaced while nobody else writes."""
IN_FORCE = text(
    "SELECT ssin, replaced_by FROM replacements "
    "WHERE ssin = ANY(CAST(:ssins AS text[])) AND recorded_until = 'infinity'"
)
HOLD = text(
    """
    SELECT pg_advisory_xact_lock(hash) FROM (
        SELECT DISTINCT hashtextextended(name, 0) AS hash
        FROM unnest(CAST(:names AS text[])) AS given(name) ORDER BY hash
    ) AS ordered
    """
)
FIRST = text(
    "SELECT request_id, digest, position, recorded_at, ticket FROM requests "
    "WHERE caller = :caller AND request_id = ANY(CAST(:request_ids AS text[]))"
)
LINES = text(
    "SELECT ssin, sector, number, quality, phase, begins, ends, recorded_from FROM inscriptions "
    "WHERE ssin = ANY(CAST(:ssins AS text[])) AND recorded_until = 'infinity'"
)


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
    firsts: Mapping[str, First]
    """What came before of the requests, by their ids."""

    def first(self, request: Request) -> First | None:
        return self.firsts.get(request.request_id)


class Recorder:
    """Changes to the lines of persons, each with its request and its place in the log of writes."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @asynccontextmanager
    async def changing(
        self, requests: Sequence[Request], ssins: Collection[str], *, replacing: bool = False
    ) -> AsyncIterator[Standing]:
        """A transaction that holds some persons and requests of a caller: others wait for them.

        Locks are taken in one order, so that no two writes wait for each other. Each is a
        statement of its own: the next one sees what the holder before wrote.
        """
        async with self._engine.begin() as connection:
            await connection.execute(REPLACING if replacing else WRITING)
            in_force = await self._in_force(connection, ssins)
            await self._hold(connection, requests, {*ssins, *in_force.values()})
            firsts = await self._firsts(connection, requests)
            lines = await self._lines(connection, set(in_force.values()))
            yield Standing(connection, in_force, lines, firsts)

    async def record(self, standing: Standing, writes: Sequence[Write]) -> list[Recorded]:
        """Change lines, keep the requests, take the next places in the log."""
        return await write_log.append(standing.connection, writes)

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

    async def tell_all_at_once(self, payloads: Sequence[bytes]) -> None:
        """Let the outbox tell the ledger of what changes nothing here."""
        async with self._engine.begin() as connection:
            await outbox.put_all(connection, [Parcel.of(LEDGER, one) for one in payloads])

    async def _in_force(
        self, connection: AsyncConnection, ssins: Collection[str]
    ) -> dict[str, str]:
        found = await connection.execute(IN_FORCE, {"ssins": list(ssins)})
        replaced = {row.ssin: row.replaced_by for row in found}
        return {ssin: replaced.get(ssin, ssin) for ssin in ssins}

    async def _hold(
        self, connection: AsyncConnection, requests: Sequence[Request], ssins: Collection[str]
    ) -> None:
        names = [f"request {request.caller} {request.request_id}" for request in requests]
        await connection.execute(HOLD, {"names": [*names, *(f"person {ssin}" for ssin in ssins)]})

    async def _firsts(
        self, connection: AsyncConnection, requests: Sequence[Request]
    ) -> dict[str, First]:
        found = await connection.execute(
            FIRST,
            {
                "caller": requests[0].caller,
                "request_ids": [request.request_id for request in requests],
            },
        )
        return {
            row.request_id: First(
                bytes(row.digest), Recorded(row.position, row.recorded_at, row.ticket)
            )
            for row in found
        }

    async def _lines(
        self, connection: AsyncConnection, ssins: Collection[str]
    ) -> tuple[Inscription, ...]:
        found = await connection.execute(LINES, {"ssins": list(ssins)})
        return tuple(rows.inscription(row) for row in found)
