"""Mandates in PostgreSQL: each change stays, with the time at which it was recorded."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from mesh.periods import Period
from services.declarations.mandates.domain import Mandate


class Store:
    """Questions to the mandates, within one transaction of the caller's."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def put(self, mandate: Mandate) -> None:
        """Record a mandate; the one between the same two is known until now."""
        between = {"employer": mandate.employer, "mandatary": mandate.mandatary}
        await self._connection.execute(
            text(
                "SELECT pg_advisory_xact_lock(hashtext('mandate'),"
                " hashtext(CAST(:employer AS text) || :mandatary))"
            ),
            between,
        )
        await self._connection.execute(
            text(
                "UPDATE mandates SET recorded_to = :at WHERE employer = :employer"
                " AND mandatary = :mandatary AND recorded_to IS NULL"
            ),
            between | {"at": mandate.recorded_at},
        )
        await self._connection.execute(
            text(
                "INSERT INTO mandates (employer, mandatary, recorded_from, begins, ends, given_by)"
                " VALUES (:employer, :mandatary, :at, :begins, :ends, :given_by)"
            ),
            between
            | {
                "at": mandate.recorded_at,
                "begins": mandate.days.begin,
                "ends": mandate.days.end,
                "given_by": mandate.given_by,
            },
        )

    async def holds(self, employer: str, mandatary: str, day: date) -> bool:
        """Whether the mandatary may declare for the employer on that day."""
        found = await self._connection.scalar(
            text(
                "SELECT true FROM mandates WHERE employer = :employer AND mandatary = :mandatary"
                " AND recorded_to IS NULL AND begins <= :day AND :day < ends"
            ),
            {"employer": employer, "mandatary": mandatary, "day": day},
        )
        return bool(found)

    async def clients(self, mandatary: str, day: date) -> set[str]:
        """The employers for which it may declare on that day."""
        found = await self._connection.scalars(
            text(
                "SELECT employer FROM mandates WHERE mandatary = :mandatary"
                " AND recorded_to IS NULL AND begins <= :day AND :day < ends"
            ),
            {"mandatary": mandatary, "day": day},
        )
        return set(found)

    async def about(
        self, enterprise: str, known_at: datetime | None, after: tuple[str, str], most: int
    ) -> list[Mandate]:
        """Given by an enterprise or to it, in order of employer and mandatary, after a pair."""
        rows = await self._connection.execute(
            text(
                "SELECT * FROM mandates WHERE (employer = :enterprise OR mandatary = :enterprise)"
                " AND (employer, mandatary) > (:employer, :mandatary)"
                " AND (CAST(:at AS timestamptz) IS NULL AND recorded_to IS NULL"
                " OR recorded_from <= :at AND (recorded_to IS NULL OR recorded_to > :at))"
                " ORDER BY employer, mandatary LIMIT :most"
            ),
            {
                "enterprise": enterprise,
                "employer": after[0],
                "mandatary": after[1],
                "at": known_at,
                "most": most,
            },
        )
        return [_mandate(row) for row in rows]


def _mandate(row: Any) -> Mandate:
    return Mandate(
        employer=row.employer,
        mandatary=row.mandatary,
        days=Period(row.begins, row.ends),
        given_by=row.given_by,
        recorded_at=row.recorded_from,
    )
