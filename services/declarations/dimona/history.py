"""Periods and relations of an employer, as known now or at any moment. All of it scatters."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.declarations.dimona import store
from services.declarations.dimona.domain import DimonaPeriod, Relation, Version

_KNOWN = (
    " (CAST(:at AS timestamptz) IS NULL AND recorded_to IS NULL"
    " OR recorded_from <= :at AND (recorded_to IS NULL OR recorded_to > :at))"
)
_OF_EMPLOYER = " employer = :employer AND (:ssin = '' OR ssin = :ssin) AND" + _KNOWN


class History:
    """Questions about what was, within one transaction of the caller's."""

    def __init__(
        self, connection: AsyncConnection, employer: str, known_at: datetime | None
    ) -> None:
        self._connection = connection
        self._employer = employer
        self._asked = {"employer": employer, "at": known_at}

    async def periods(
        self, ssin: str, on: date | None, after_id: str, most: int
    ) -> list[DimonaPeriod]:
        """In order of id; on a day only those that stand. An empty SSIN is everyone."""
        rows = await self._connection.execute(
            text(
                f"SELECT * FROM dimona_periods WHERE{_OF_EMPLOYER}"  # noqa: S608 - texts of ours
                " AND dimona_period_id > :after AND (CAST(:on AS date) IS NULL"
                " OR NOT cancelled AND begins <= :on AND :on < ends)"
                " ORDER BY dimona_period_id LIMIT :most"
            ),
            self._asked | {"ssin": ssin, "on": on, "after": after_id, "most": most},
        )
        return [store.period(row) for row in rows]

    async def versions(self, period_id: str) -> list[Version]:
        """Every version that was recorded until then, oldest first."""
        rows = await self._connection.execute(
            text(
                "SELECT * FROM dimona_periods WHERE dimona_period_id = :id"
                " AND employer = :employer"
                " AND (CAST(:at AS timestamptz) IS NULL OR recorded_from <= :at) ORDER BY version"
            ),
            self._asked | {"id": period_id},
        )
        return [
            Version(store.period(row), row.ticket, row.recorded_from, row.recorded_to)
            for row in rows
        ]

    async def relations(self, ssin: str, after_id: str, most: int) -> list[Relation]:
        """In order of the lowest id of their periods."""
        asked = self._asked | {"ssin": ssin, "after": after_id, "most": most}
        rows = await self._connection.execute(
            text(
                "SELECT * FROM dimona_periods JOIN"  # noqa: S608 - texts of ours
                " (SELECT ssin, min(dimona_period_id) AS first"
                f" FROM dimona_periods WHERE{_OF_EMPLOYER} GROUP BY ssin"
                " HAVING min(dimona_period_id) > :after ORDER BY 2 LIMIT :most) AS workers"
                f" USING (ssin) WHERE{_OF_EMPLOYER}"
                " ORDER BY first, begins, dimona_period_id"
            ),
            asked,
        )
        by_worker: dict[str, list[DimonaPeriod]] = {}
        for row in rows:
            by_worker.setdefault(row.ssin, []).append(store.period(row))
        return [
            Relation(worker, self._employer, tuple(periods))
            for worker, periods in by_worker.items()
        ]
