"""What is declared of persons by quarter, in PostgreSQL: every version stays."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from mesh.periods import Period
from services.declarations.dmfa.domain import Worked
from services.declarations.dmfa.records import Recorded


class Store:
    """Questions to the quarters, within one transaction of the caller's."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def new_numbers(self, many: int) -> list[int]:
        """Identifiers that were never given before, rising."""
        found = await self._connection.scalars(
            text("SELECT nextval('dmfa_identifiers') FROM generate_series(1, :many)"),
            {"many": many},
        )
        return sorted(found)

    async def person_pids(self, ssins: Collection[str]) -> dict[str, int]:
        """The lasting numbers of persons, by SSIN; who has none yet is left out."""
        rows = await self._connection.execute(
            text(
                "SELECT ssin, min(person_pid) AS pid FROM dmfa_persons"
                " WHERE ssin = ANY(:ssins) GROUP BY ssin"
            ),
            {"ssins": list(ssins)},
        )
        return {row.ssin: row.pid for row in rows}

    async def employed(
        self, employer: str, days: Period, after: tuple[str, str], most: int
    ) -> list[tuple[str, str]]:
        """SSIN and id of the employer's Dimona periods over days, in that order. A scatter."""
        rows = await self._connection.execute(
            text(
                "SELECT ssin, dimona_period_id FROM dimona_periods"
                " WHERE employer = :employer AND recorded_to IS NULL AND NOT cancelled"
                " AND begins < :end AND ends > :begin"
                " AND (ssin, dimona_period_id) > (:ssin, :id)"
                " ORDER BY ssin, dimona_period_id LIMIT :most"
            ),
            {
                "employer": employer,
                "begin": days.begin,
                "end": days.end,
                "ssin": after[0],
                "id": after[1],
                "most": most,
            },
        )
        return [(row.ssin, row.dimona_period_id) for row in rows]

    async def close(
        self, employer: str, quarter: str, ssins: Collection[str], at: datetime
    ) -> None:
        """What was known of these persons is known no longer from a moment on."""
        await self._connection.execute(
            text(
                "UPDATE dmfa_persons SET recorded_to = :at WHERE ssin = ANY(:ssins)"
                " AND employer = :employer AND quarter = :quarter AND recorded_to IS NULL"
            ),
            {"employer": employer, "quarter": quarter, "ssins": list(ssins), "at": at},
        )

    async def put(self, persons: Sequence[Recorded]) -> None:
        """Record versions, all of one employer, quarter, ticket and moment."""
        if not persons:
            return
        one = persons[0]
        await self._connection.execute(
            text(
                "INSERT INTO dmfa_persons (ssin, employer, quarter, version, content, identifiers,"
                " person_pid, gross_cents, days_hundredths, hours_hundredths, cancelled, ticket,"
                " recorded_from) SELECT ssin, :employer, :quarter, version, content, identifiers,"
                " pid, gross, days, hours, cancelled, :ticket, :at FROM unnest("
                "CAST(:ssins AS text[]), CAST(:versions AS bigint[]), CAST(:contents AS bytea[]),"
                " CAST(:identifiers AS bytea[]), CAST(:pids AS bigint[]), CAST(:gross AS bigint[]),"
                " CAST(:days AS bigint[]), CAST(:hours AS bigint[]), CAST(:cancelled AS bool[]))"
                " AS put (ssin, version, content, identifiers, pid, gross, days, hours, cancelled)"
            ),
            {
                "employer": one.employer,
                "quarter": one.quarter,
                "ticket": one.ticket,
                "at": one.recorded_from,
                "ssins": [person.ssin for person in persons],
                "versions": [person.version for person in persons],
                "contents": [person.content for person in persons],
                "identifiers": [person.identifiers for person in persons],
                "pids": [person.person_pid for person in persons],
                "gross": [person.worked.gross_cents for person in persons],
                "days": [person.worked.days_hundredths for person in persons],
                "hours": [person.worked.hours_hundredths for person in persons],
                "cancelled": [person.cancelled for person in persons],
            },
        )

    async def current(
        self, employer: str, quarter: str, ssins: Collection[str]
    ) -> dict[str, Recorded]:
        """What is known now of these persons, what was taken back too."""
        rows = await self._connection.execute(
            text(
                "SELECT * FROM dmfa_persons WHERE ssin = ANY(:ssins) AND employer = :employer"
                " AND quarter = :quarter AND recorded_to IS NULL"
            ),
            {"employer": employer, "quarter": quarter, "ssins": list(ssins)},
        )
        return {row.ssin: _recorded(row) for row in rows}

    async def of_quarter(
        self, employer: str, quarter: str, known_at: datetime | None, after: str, most: int
    ) -> list[Recorded]:
        """The employer's quarter by SSIN, as known now or at a moment. A scatter."""
        rows = await self._connection.execute(
            text(
                "SELECT * FROM dmfa_persons WHERE employer = :employer AND quarter = :quarter"
                " AND ssin > :after AND NOT cancelled"
                " AND (CAST(:at AS timestamptz) IS NULL AND recorded_to IS NULL"
                " OR recorded_from <= :at AND (recorded_to IS NULL OR recorded_to > :at))"
                " ORDER BY ssin LIMIT :most"
            ),
            {
                "employer": employer,
                "quarter": quarter,
                "at": known_at,
                "after": after,
                "most": most,
            },
        )
        return [_recorded(row) for row in rows]

    async def changed_by(
        self, employer: str, quarter: str, ticket: str, after: str, most: int
    ) -> list[tuple[Recorded | None, Recorded]]:
        """What a declaration changed, by SSIN: the version before it, and its own. A scatter."""
        rows = await self._connection.execute(
            text(
                "SELECT * FROM dmfa_persons WHERE employer = :employer AND quarter = :quarter"
                " AND ticket = :ticket AND ssin > :after ORDER BY ssin LIMIT :most"
            ),
            {
                "employer": employer,
                "quarter": quarter,
                "ticket": ticket,
                "after": after,
                "most": most,
            },
        )
        changed = [_recorded(row) for row in rows]
        rows = await self._connection.execute(
            text(
                "SELECT DISTINCT ON (ssin) before.* FROM dmfa_persons AS before"
                " JOIN unnest(CAST(:ssins AS text[]), CAST(:versions AS bigint[]))"
                " AS now (ssin, version) USING (ssin) WHERE before.employer = :employer"
                " AND before.quarter = :quarter AND before.version < now.version"
                " ORDER BY ssin, before.version DESC"
            ),
            {
                "employer": employer,
                "quarter": quarter,
                "ssins": [one.ssin for one in changed],
                "versions": [one.version for one in changed],
            },
        )
        before = {row.ssin: _recorded(row) for row in rows}
        return [(before.get(one.ssin), one) for one in changed]

    async def of_persons(
        self, ssins: Collection[str], quarters: tuple[str, str] = ("", "99999")
    ) -> list[Recorded]:
        """What stands now of these persons, of every employer, from a first to a last quarter."""
        rows = await self._connection.execute(
            text(
                "SELECT * FROM dmfa_persons WHERE ssin = ANY(:ssins) AND recorded_to IS NULL"
                " AND NOT cancelled AND quarter BETWEEN :first AND :last"
                " ORDER BY ssin, quarter, employer"
            ),
            {"ssins": list(ssins), "first": quarters[0], "last": quarters[1]},
        )
        return [_recorded(row) for row in rows]


def _recorded(row: Any) -> Recorded:
    return Recorded(
        ssin=row.ssin,
        employer=row.employer,
        quarter=row.quarter,
        version=row.version,
        content=bytes(row.content),
        identifiers=bytes(row.identifiers),
        person_pid=row.person_pid,
        worked=Worked(row.gross_cents, row.days_hundredths, row.hours_hundredths),
        ticket=row.ticket,
        recorded_from=row.recorded_from,
        cancelled=row.cancelled,
    )
