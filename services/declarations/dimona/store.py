"""Dimona periods in PostgreSQL: every version stays, with the time at which it was recorded."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from mesh import identification
from mesh.periods import Period
from services.declarations.dimona.domain import DimonaPeriod

COLUMNS = (
    "ssin, dimona_period_id, employer, nsso_number, worker_type, joint_commission, begins, ends, "
    "starting_hour, ending_hour, planned_hours, cancelled, locked, delay, ticket, recorded_from"
)
_VALUES = ", ".join(f":{column}" for column in COLUMNS.split(", "))
CREATE = text(
    f"""
    INSERT INTO dimona_periods ({COLUMNS}, version)
    SELECT {COLUMNS}, 1
    FROM unnest(
        CAST(:ssin AS text[]), CAST(:dimona_period_id AS text[]), CAST(:employer AS text[]),
        CAST(:nsso_number AS text[]), CAST(:worker_type AS text[]),
        CAST(:joint_commission AS text[]), CAST(:begins AS date[]), CAST(:ends AS date[]),
        CAST(:starting_hour AS text[]), CAST(:ending_hour AS text[]),
        CAST(:planned_hours AS text[]), CAST(:cancelled AS boolean[]), CAST(:locked AS boolean[]),
        CAST(:delay AS text[]), CAST(:ticket AS text[]), CAST(:recorded_from AS timestamptz[])
    ) AS created({COLUMNS})
    """  # noqa: S608 - the columns are ours
)


class Versioned(NamedTuple):
    """A version of a period, the ticket of what made it, and when."""

    period: DimonaPeriod
    ticket: str
    at: datetime


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

    async def workers_of(
        self, period_ids: Collection[str], registration_ids: Collection[str] = ()
    ) -> set[str]:
        """Whose these are. A scatter over all persons: a later Dimona names only an id."""
        found = await self._connection.scalars(
            text(
                "SELECT ssin FROM dimona_periods"
                " WHERE dimona_period_id = ANY(:periods) AND recorded_to IS NULL"
                " UNION SELECT ssin FROM dimona_registrations"
                " WHERE registration_id = ANY(:registrations) AND recorded_to IS NULL"
            ),
            {"periods": sorted(period_ids), "registrations": sorted(registration_ids)},
        )
        return set(found)

    async def employer_of(self, period_id: str, registration_id: str = "") -> str | None:
        """Whose a period is, by its own number or by that of a day registered in it. A scatter."""
        found: str | None = await self._connection.scalar(
            text(
                "SELECT employer FROM dimona_periods WHERE recorded_to IS NULL"
                " AND (dimona_period_id = :period OR dimona_period_id = (SELECT dimona_period_id"
                " FROM dimona_registrations WHERE registration_id = :registration"
                " AND recorded_to IS NULL)) LIMIT 1"
            ),
            {
                "period": period_id if identification.dimona_period_is_valid(period_id) else "",
                "registration": (
                    registration_id
                    if identification.dimona_period_is_valid(registration_id)
                    else ""
                ),
            },
        )
        return found

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
        return [period(row) for row in rows]

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
        return [period(row) for row in rows]

    async def put(self, version: DimonaPeriod, ticket: str, at: datetime) -> None:
        """Record a version of a period by the declaration of that ticket; the one before ends."""
        await self._connection.execute(
            text(
                "UPDATE dimona_periods SET recorded_to = :at"
                " WHERE ssin = :ssin AND dimona_period_id = :id AND recorded_to IS NULL"
            ),
            {"ssin": version.ssin, "id": version.id, "at": at},
        )
        await self._connection.execute(
            text(
                f"INSERT INTO dimona_periods ({COLUMNS}, version) SELECT {_VALUES},"  # noqa: S608 - both are ours
                " 1 + coalesce(max(version), 0) FROM dimona_periods"
                " WHERE ssin = :ssin AND dimona_period_id = :dimona_period_id"
            ),
            _row(Versioned(version, ticket, at)),
        )

    async def create(self, versions: Sequence[Versioned]) -> None:
        """Record the first version of new periods."""
        rows = [_row(version) for version in versions]
        columns = {column: [row[column] for row in rows] for column in COLUMNS.split(", ")}
        await self._connection.execute(CREATE, columns)


def _row(version: Versioned) -> dict[str, Any]:
    told, ticket, at = version
    return {
        "ssin": told.ssin,
        "dimona_period_id": told.id,
        "employer": told.employer,
        "nsso_number": told.nsso_number,
        "worker_type": told.worker_type,
        "joint_commission": told.joint_commission,
        "begins": told.days.begin,
        "ends": told.days.end,
        "starting_hour": told.starting_hour,
        "ending_hour": told.ending_hour,
        "planned_hours": told.planned_hours,
        "cancelled": told.cancelled,
        "locked": told.locked,
        "delay": told.delay,
        "ticket": ticket,
        "recorded_from": at,
    }


def period(row: Any) -> DimonaPeriod:
    """The period in a row of `dimona_periods`."""
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
        locked=row.locked,
        delay=row.delay,
    )
