"""Dimona periods in PostgreSQL: every version stays, with the time at which it was recorded."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from mesh import identification
from mesh.periods import Period
from services.declarations.dimona.domain import DimonaPeriod


class Store:
    """Questions to the Dimona periods, within one transaction of the caller's."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def new_ids(self, many: int) -> list[str]:
        """Dimona period ids that were never given before."""
        numbers = await self._connection.scalars(
            text("SELECT nextval('dimona_period_numbers') FROM generate_series(1, :many)"),
            {"many": many},
        )
        return [identification.dimona_period(number) for number in numbers]

    async def workers_of(self, period_ids: Collection[str]) -> set[str]:
        """Whose these periods are. A scatter over all persons: a later Dimona names only the id."""
        found = await self._connection.scalars(
            text(
                "SELECT DISTINCT ssin FROM dimona_periods"
                " WHERE dimona_period_id = ANY(:ids) AND recorded_to IS NULL"
            ),
            {"ids": sorted(period_ids)},
        )
        return set(found)

    async def hold(self, ssins: Collection[str]) -> None:
        """Until the transaction ends, nobody else changes the periods of these persons."""
        await self._connection.execute(
            text(
                "SELECT pg_advisory_xact_lock(hashtext('person'), hashtext(ssin))"
                " FROM unnest(CAST(:ssins AS text[])) AS ssin"
            ),
            {"ssins": sorted(ssins)},
        )

    async def of_persons(
        self, ssins: Collection[str], known_at: datetime | None = None
    ) -> list[DimonaPeriod]:
        """Every period of these persons, cancelled ones too, as known now or at a moment."""
        rows = await self._connection.execute(
            text(
                "SELECT * FROM dimona_periods WHERE ssin = ANY(:ssins)"
                " AND (CAST(:at AS timestamptz) IS NULL AND recorded_to IS NULL"
                " OR recorded_from <= :at AND (recorded_to IS NULL OR recorded_to > :at))"
                " ORDER BY ssin, begins, dimona_period_id"
            ),
            {"ssins": sorted(ssins), "at": known_at},
        )
        return [_period(row) for row in rows]

    async def of_employer(
        self, employer: str, on: date | None, after_id: str, most: int
    ) -> list[DimonaPeriod]:
        """The employer's periods that stand, on a day or ever, in order of id. A scatter."""
        rows = await self._connection.execute(
            text(
                "SELECT * FROM dimona_periods WHERE employer = :employer AND recorded_to IS NULL"
                " AND NOT cancelled AND dimona_period_id > :after"
                " AND (CAST(:on AS date) IS NULL OR begins <= :on AND :on < ends)"
                " ORDER BY dimona_period_id LIMIT :most"
            ),
            {"employer": employer, "on": on, "after": after_id, "most": most},
        )
        return [_period(row) for row in rows]

    async def put(self, period: DimonaPeriod, ticket: str, at: datetime) -> None:
        """Record a version of a period by the declaration of that ticket; the one before ends."""
        values = {
            "ssin": period.ssin,
            "id": period.id,
            "employer": period.employer,
            "nsso_number": period.nsso_number,
            "worker_type": period.worker_type,
            "joint_commission": period.joint_commission,
            "begins": period.days.begin,
            "ends": period.days.end,
            "starting_hour": period.starting_hour,
            "ending_hour": period.ending_hour,
            "planned_hours": period.planned_hours,
            "cancelled": period.cancelled,
            "ticket": ticket,
            "at": at,
        }
        await self._connection.execute(
            text(
                "UPDATE dimona_periods SET recorded_to = :at"
                " WHERE ssin = :ssin AND dimona_period_id = :id AND recorded_to IS NULL"
            ),
            {"ssin": period.ssin, "id": period.id, "at": at},
        )
        await self._connection.execute(
            text(
                "INSERT INTO dimona_periods (ssin, dimona_period_id, version, employer,"
                " nsso_number, worker_type, joint_commission, begins, ends, starting_hour,"
                " ending_hour, planned_hours, cancelled, ticket, recorded_from) SELECT :ssin, :id,"
                " 1 + coalesce(max(version), 0), :employer, :nsso_number, :worker_type,"
                " :joint_commission, :begins, :ends, :starting_hour, :ending_hour, :planned_hours,"
                " :cancelled, :ticket, :at FROM dimona_periods"
                " WHERE ssin = :ssin AND dimona_period_id = :id"
            ),
            values,
        )


def _period(row: Any) -> DimonaPeriod:
    return DimonaPeriod(
        id=row.dimona_period_id,
        ssin=row.ssin,
        employer=row.employer,
        nsso_number=row.nsso_number,
        worker_type=row.worker_type,
        joint_commission=row.joint_commission,
        days=Period(row.begins, row.ends),
        starting_hour=row.starting_hour,
        ending_hour=row.ending_hour,
        planned_hours=row.planned_hours,
        cancelled=row.cancelled,
    )
