"""Daily registrations in PostgreSQL, kept as the periods are: every version stays."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from mesh import identification
from services.declarations.dimona.domain import Registration


class Registrations:
    """Questions to the daily registrations, within one transaction of the caller's."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def new_ids(self, many: int) -> list[str]:
        """Registration ids that were never given before."""
        if not many:
            return []
        numbers = await self._connection.scalars(
            text("SELECT nextval('dimona_registration_numbers') FROM generate_series(1, :many)"),
            {"many": many},
        )
        return [identification.dimona_period(number) for number in numbers]

    async def of_persons(
        self, ssins: Collection[str], known_at: datetime | None = None
    ) -> list[Registration]:
        """Every registration of these persons, those taken back too, as known now or then."""
        rows = await self._connection.execute(
            text(
                "SELECT * FROM dimona_registrations WHERE ssin = ANY(:ssins)"
                " AND (CAST(:at AS timestamptz) IS NULL AND recorded_to IS NULL"
                " OR recorded_from <= :at AND (recorded_to IS NULL OR recorded_to > :at))"
                " ORDER BY ssin, begins, starting_hour, registration_id"
            ),
            {"ssins": sorted(ssins), "at": known_at},
        )
        return [_registration(row) for row in rows]

    async def put(self, registration: Registration, ticket: str, at: datetime) -> None:
        """Record a version by the declaration of that ticket; the one before ends."""
        key = {"ssin": registration.ssin, "id": registration.id, "at": at}
        await self._connection.execute(
            text(
                "UPDATE dimona_registrations SET recorded_to = :at"
                " WHERE ssin = :ssin AND registration_id = :id AND recorded_to IS NULL"
            ),
            key,
        )
        await self._connection.execute(
            text(
                "INSERT INTO dimona_registrations (ssin, registration_id, version,"
                " dimona_period_id, begins, starting_hour, last_day, ending_hour, cancelled,"
                " ticket, recorded_from) SELECT :ssin, :id, 1 + coalesce(max(version), 0),"
                " :period, :begins, :starting_hour, :last_day, :ending_hour, :cancelled, :ticket,"
                " :at FROM dimona_registrations WHERE ssin = :ssin AND registration_id = :id"
            ),
            key
            | {
                "period": registration.period_id,
                "begins": registration.begin,
                "starting_hour": registration.starting_hour,
                "last_day": registration.last_day,
                "ending_hour": registration.ending_hour,
                "cancelled": registration.cancelled,
                "ticket": ticket,
            },
        )


def _registration(row: Any) -> Registration:
    return Registration(
        id=row.registration_id,
        ssin=row.ssin,
        period_id=row.dimona_period_id,
        begin=row.begins,
        starting_hour=row.starting_hour,
        last_day=row.last_day,
        ending_hour=row.ending_hour,
        cancelled=row.cancelled,
    )
