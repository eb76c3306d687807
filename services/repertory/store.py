"""What the register of persons answers, now or as it was known at a moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.repertory import rows
from services.repertory.domain import Person


class Store:
    """Questions on persons, each one statement that names their numbers."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._reading = engine.execution_options(isolation_level="AUTOCOMMIT")

    async def lookup(self, ssins: Sequence[str]) -> tuple[list[Person], int]:
        """Everything known now of each person, in the order asked, and the position read."""
        async with self._reading.connect() as connection:
            found = await connection.execute(
                text(
                    """
                    SELECT asked.place, other.replaced_by, line.ssin, line.sector, line.number,
                           line.quality, line.phase, line.begins, line.ends, line.recorded_from,
                           (SELECT position FROM positions) AS position
                    FROM unnest(CAST(:ssins AS text[])) WITH ORDINALITY AS asked(ssin, place)
                    LEFT JOIN replacements AS other
                        ON other.ssin = asked.ssin AND other.recorded_until = 'infinity'
                    LEFT JOIN inscriptions AS line
                        ON line.ssin = coalesce(other.replaced_by, asked.ssin)
                        AND line.recorded_until = 'infinity'
                    """
                ),
                {"ssins": list(ssins)},
            )
            return rows.persons(ssins, found.all())

    async def lookup_as_known(self, ssins: Sequence[str], at: datetime) -> tuple[list[Person], int]:
        """What was known at a moment: then, a number may not yet have been replaced.

        Waits for a write under way that could still be of before it, so that the answer never
        changes.
        """
        async with self._engine.begin() as connection:
            await connection.execute(
                text(
                    "SELECT position FROM positions "
                    "WHERE moment < CAST(:at AS timestamptz) FOR SHARE"
                ),
                {"at": at},
            )
            found = await connection.execute(
                text(
                    """
                    SELECT asked.place, other.replaced_by, line.ssin, line.sector, line.number,
                           line.quality, line.phase, line.begins, line.ends, line.recorded_from,
                           (SELECT position FROM positions) AS position
                    FROM unnest(CAST(:ssins AS text[])) WITH ORDINALITY AS asked(ssin, place)
                    LEFT JOIN replacements AS other
                        ON other.ssin = asked.ssin
                        AND other.recorded_from <= CAST(:at AS timestamptz)
                        AND other.recorded_until > CAST(:at AS timestamptz)
                    LEFT JOIN inscriptions AS line
                        ON line.ssin = coalesce(other.replaced_by, asked.ssin)
                        AND line.recorded_from <= CAST(:at AS timestamptz)
                        AND line.recorded_until > CAST(:at AS timestamptz)
                    """
                ),
                {"ssins": list(ssins), "at": at},
            )
            return rows.persons(ssins, found.all())
