"""Writing when persons died, in the transaction that holds them; nothing is overwritten."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import text

from services.repertory.recording import Standing


class DeceaseStore:
    """The deceases of persons, each under the number that is in force."""

    async def standing(self, standing: Standing, ssin: str) -> date | None:
        """The day on which a person died; None where no decease stands."""
        day: date | None = await standing.connection.scalar(
            text("SELECT day FROM deceases WHERE ssin = :ssin AND recorded_until = 'infinity'"),
            {"ssin": ssin},
        )
        return day

    async def put(self, standing: Standing, ssin: str, day: date | None, at: datetime) -> None:
        """Let a decease stand from a moment on, or none."""
        await standing.connection.execute(
            text(
                """
                WITH closed AS (
                    UPDATE deceases SET recorded_until = :at
                    WHERE ssin = :ssin AND recorded_until = 'infinity'
                )
                INSERT INTO deceases (ssin, day, recorded_from)
                SELECT :ssin, CAST(:day AS date), CAST(:at AS timestamptz)
                WHERE CAST(:day AS date) IS NOT NULL
                """
            ),
            {"ssin": ssin, "day": day, "at": at},
        )

    async def follow(self, standing: Standing, old: str, new: str, at: datetime) -> None:
        """Let the decease of a number follow to another; what stands there already stays."""
        day = await self.standing(standing, old)
        if day is None:
            return
        await self.put(standing, old, None, at)
        if await self.standing(standing, new) is None:
            await self.put(standing, new, day, at)
