"""Persons by the number in force: what was known under an old one follows, on both axes of time."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

MOVED = {
    "dimona_registrations": (
        "registration_id, version, dimona_period_id, begins, starting_hour, last_day, ending_hour,"
        " cancelled, ticket, recorded_from, recorded_to"
    ),
    "dmfa_persons": (
        "employer, quarter, version, content, identifiers, person_pid, gross_cents,"
        " days_hundredths, hours_hundredths, cancelled, ticket, recorded_from, recorded_to"
    ),
    "risks": (
        "risk_number, version, employer, branch, begins, ends, recipients, on_paper, content,"
        " rests_on, due, ticket, recorded_from, recorded_to"
    ),
    "dimona_periods": (
        "dimona_period_id, version, employer, nsso_number, worker_type, joint_commission, begins,"
        " ends, starting_hour, ending_hour, planned_hours, cancelled, locked, delay, ticket,"
        " recorded_from, recorded_to"
    ),
}
"""Tables of which the rows of a person follow, with all their columns but the SSIN."""


class Replacements:
    """Which number replaced which, within one transaction of the caller's."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def in_force(self, ssin: str) -> str:
        """The number that replaced this one, or itself."""
        return (await self.all_in_force([ssin]))[ssin]

    async def all_in_force(self, ssins: Collection[str]) -> dict[str, str]:
        """For each the number that replaced it, or itself."""
        found = await self._connection.execute(
            text("SELECT ssin, in_force FROM replaced_persons WHERE ssin = ANY(:ssins)"),
            {"ssins": sorted(ssins)},
        )
        return {ssin: ssin for ssin in ssins} | {row.ssin: row.in_force for row in found}

    async def replace(self, ssin: str, by: str, at: datetime) -> int:
        """Move all that is known under a number to another; how many Dimona periods moved.

        Rows are written anew: a table that is sharded by person never changes its SSIN. Whoever
        asks holds both persons. Of a quarter that one employer declared under both numbers, what
        was declared under the number in force stands; the other is known until `at`.
        """
        moving = {"ssin": ssin, "by": by}
        await self._connection.execute(
            text("UPDATE replaced_persons SET in_force = :by WHERE in_force = :ssin"), moving
        )
        await self._connection.execute(
            text(
                "INSERT INTO replaced_persons (ssin, in_force) VALUES (:ssin, :by)"
                " ON CONFLICT (ssin) DO UPDATE SET in_force = excluded.in_force"
            ),
            moving,
        )
        await self._connection.execute(
            text(
                "UPDATE dmfa_persons AS old SET recorded_to = :at"
                " WHERE ssin = :ssin AND recorded_to IS NULL AND EXISTS (SELECT FROM dmfa_persons"
                " AS now WHERE now.ssin = :by AND now.recorded_to IS NULL"
                " AND (now.employer, now.quarter) = (old.employer, old.quarter))"
            ),
            {**moving, "at": at},
        )
        moved = await self._connection.scalar(
            text("SELECT count(*) FROM dimona_periods WHERE ssin = :ssin AND recorded_to IS NULL"),
            moving,
        )
        for table, columns in MOVED.items():
            await self._move(table, columns, moving)
        return int(moved or 0)

    async def _move(self, table: str, columns: str, moving: dict[str, str]) -> None:
        await self._connection.execute(
            text(
                f"INSERT INTO {table} (ssin, {columns}) SELECT :by, {columns} FROM {table}"  # noqa: S608 - names of ours
                " WHERE ssin = :ssin"
            ),
            moving,
        )
        await self._connection.execute(
            text(f"DELETE FROM {table} WHERE ssin = :ssin"),  # noqa: S608 - names of ours
            moving,
        )
