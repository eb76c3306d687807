"""What the register of persons answers, now or as it was known at a moment."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.repertory import alike, rows
from services.repertory.alike import Alike
from services.repertory.domain import Person

NOW = datetime(9999, 1, 1, tzinfo=UTC)
"""Later than every moment recorded, so that only what still stands is known at it."""

BEFORE = datetime(1, 1, 1, tzinfo=UTC)
"""Earlier than every moment recorded."""


class Store:
    """Questions on persons, each one statement that names their numbers."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._reading = engine.execution_options(isolation_level="AUTOCOMMIT")

    async def lookup(self, ssins: Sequence[str]) -> tuple[list[Person], int]:
        """Everything known now of each person, in the order asked, and the position read."""
        async with self._reading.connect() as connection:
            return await self._lookup(connection, ssins, NOW)

    async def lookup_as_known(self, ssins: Sequence[str], at: datetime) -> tuple[list[Person], int]:
        """What was known at a moment: then, a number may not yet have been replaced.

        Waits for a write under way that could still be of before it, so that the answer never
        changes.
        """
        async with self._at(at) as connection:
            return await self._lookup(connection, ssins, at)

    async def lookup_alike(
        self, ssins: Sequence[str], at: datetime | None
    ) -> tuple[list[Alike], int]:
        """The same by what is known: everyone asked for once, and the position read."""
        async with self._at(at) as connection:
            return await alike.lookup(connection, ssins, NOW if at is None else at)

    async def moment_of(self, position: int) -> datetime | None:
        """When the write at a position of the log was recorded; None where there is none such."""
        if position == 0:
            return BEFORE
        async with self._reading.connect() as connection:
            found: datetime | None = await connection.scalar(
                text("SELECT recorded_at FROM requests WHERE position = :position"),
                {"position": position},
            )
        return found

    @asynccontextmanager
    async def _at(self, at: datetime | None) -> AsyncIterator[AsyncConnection]:
        """A connection by which to read what is known now, or was at a moment."""
        if at is None:
            async with self._reading.connect() as connection:
                yield connection
            return
        async with self._engine.begin() as connection:
            await connection.execute(
                text(
                    "SELECT position FROM positions "
                    "WHERE moment < CAST(:at AS timestamptz) FOR SHARE"
                ),
                {"at": at},
            )
            yield connection

    async def numbers(self, ssins: Sequence[str]) -> dict[str, list[str]]:
        """All numbers of each person, the one in force first, by the number asked for.

        Those that gave way may be anywhere: a deliberate scatter.
        """
        async with self._reading.connect() as connection:
            found = await connection.execute(
                text(
                    """
                    WITH asked AS (
                        SELECT ssin, coalesce(replaced_by, ssin) AS in_force
                        FROM unnest(CAST(:ssins AS text[])) AS given(ssin)
                        LEFT JOIN replacements USING (ssin)
                        WHERE coalesce(recorded_until, 'infinity') = 'infinity'
                    )
                    SELECT asked.ssin, asked.in_force, before.ssin AS before
                    FROM asked LEFT JOIN replacements AS before
                        ON before.replaced_by = asked.in_force
                        AND before.recorded_until = 'infinity'
                    ORDER BY before.ssin
                    """
                ),
                {"ssins": list(set(ssins))},
            )
            numbers = {ssin: [ssin] for ssin in ssins}
            for row in found:
                every = numbers[row.ssin] = [row.in_force, *numbers[row.ssin][1:]]
                if row.before is not None:
                    every.append(row.before)
        return numbers

    async def _lookup(
        self, connection: AsyncConnection, ssins: Sequence[str], at: datetime
    ) -> tuple[list[Person], int]:
        """One snapshot, and the same work whoever is asked for.

        Numbers stand in an array, so that lines are read by their index.
        """
        found = await connection.execute(
            text(
                """
                WITH other AS MATERIALIZED (
                    SELECT ssin, replaced_by FROM replacements
                    WHERE ssin = ANY(CAST(:ssins AS text[]))
                        AND recorded_from <= CAST(:at AS timestamptz)
                        AND recorded_until > CAST(:at AS timestamptz)
                ), line AS MATERIALIZED (
                    SELECT * FROM inscriptions
                    WHERE ssin = ANY(
                            CAST(:ssins AS text[]) || ARRAY(SELECT replaced_by FROM other)
                        )
                        AND recorded_from <= CAST(:at AS timestamptz)
                )
                SELECT ssin, sector, number, quality, phase, begins, ends, recorded_from,
                       CAST(NULL AS text) AS replaced_by, CAST(NULL AS date) AS deceased_on,
                       CAST(NULL AS bigint) AS position, CAST(NULL AS text[]) AS never
                FROM line WHERE recorded_until > CAST(:at AS timestamptz)
                UNION ALL
                SELECT ssin, NULL, NULL, NULL, NULL, NULL, NULL, NULL, replaced_by, NULL, NULL,
                       NULL
                FROM other
                UNION ALL
                SELECT ssin, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, day, NULL, NULL
                FROM deceases
                WHERE ssin = ANY(
                        CAST(:ssins AS text[]) || ARRAY(SELECT replaced_by FROM other)
                    )
                    AND recorded_from <= CAST(:at AS timestamptz)
                    AND recorded_until > CAST(:at AS timestamptz)
                UNION ALL
                SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, position,
                       ARRAY(
                           SELECT unnest(CAST(:ssins AS text[]))
                           EXCEPT SELECT ssin FROM line
                           EXCEPT SELECT ssin FROM deceases
                           WHERE ssin = ANY(CAST(:ssins AS text[]))
                               AND recorded_from <= CAST(:at AS timestamptz)
                       )
                FROM positions
                """
            ),
            {"ssins": list(ssins), "at": at},
        )
        return rows.persons(ssins, found)
