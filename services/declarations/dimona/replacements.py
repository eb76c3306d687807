"""Persons by the number in force: what was known under an old one follows, on both axes of time."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_PERIODS = (
    "dimona_period_id, version, employer, nsso_number, worker_type, joint_commission, begins,"
    " ends, starting_hour, ending_hour, planned_hours, cancelled, locked, delay, ticket,"
    " recorded_from, recorded_to"
)
_REGISTRATIONS = (
    "registration_id, version, dimona_period_id, begins, starting_hour, last_day, ending_hour,"
    " cancelled, ticket, recorded_from, recorded_to"
)


class Replacements:
    """Which number replaced which, within one transaction of the caller's."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def in_force(self, ssin: str) -> str:
        """The number that replaced this one, or itself."""
        found = await self._connection.scalar(
            text("SELECT in_force FROM replaced_persons WHERE ssin = :ssin"), {"ssin": ssin}
        )
        return found or ssin

    async def replace(self, ssin: str, by: str) -> int:
        """Move all that is known under a number to another; how many periods moved.

        Rows are written anew: a table that is sharded by person never changes its SSIN. Whoever
        asks holds both persons.
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
        await self._move("dimona_registrations", _REGISTRATIONS, moving)
        return await self._move("dimona_periods", _PERIODS, moving)

    async def _move(self, table: str, columns: str, moving: dict[str, str]) -> int:
        moved = await self._connection.scalar(
            text(f"SELECT count(*) FROM {table} WHERE ssin = :ssin AND recorded_to IS NULL"),  # noqa: S608 - names of ours
            moving,
        )
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
        return int(moved or 0)
