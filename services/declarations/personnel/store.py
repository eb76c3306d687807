"""The personnel file in PostgreSQL: an employer's Dimona periods with the time of their change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from mesh.periods import Period


@dataclass(frozen=True, slots=True)
class Line:
    """A Dimona period as the file tells it, and when it was last changed."""

    dimona_period_id: str
    ssin: str
    days: Period
    starting_hour: str
    ending_hour: str
    planned_hours: str
    worker_type: str
    joint_commission: str
    cancelled: bool
    locked: bool
    delay: str
    changed_at: datetime


class Store:
    """Questions to the personnel file, within one transaction of the caller's."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def lines(self, employer: str, met: Period, after_id: str, most: int) -> list[Line]:
        """The employer's periods with a day in `met`, in order of id. A scatter over persons."""
        rows = await self._connection.execute(
            text(
                "SELECT * FROM dimona_periods WHERE employer = :employer AND recorded_to IS NULL"
                " AND dimona_period_id > :after AND begins < :end AND ends > :begin"
                " ORDER BY dimona_period_id LIMIT :most"
            ),
            {
                "employer": employer,
                "begin": met.begin,
                "end": met.end,
                "after": after_id,
                "most": most,
            },
        )
        return [_line(row) for row in rows]


def _line(row: Any) -> Line:
    return Line(
        dimona_period_id=row.dimona_period_id,
        ssin=row.ssin,
        days=Period(row.begins, row.ends),
        starting_hour=row.starting_hour,
        ending_hour=row.ending_hour,
        planned_hours=row.planned_hours,
        worker_type=row.worker_type,
        joint_commission=row.joint_commission,
        cancelled=row.cancelled,
        locked=row.locked,
        delay=row.delay,
        changed_at=row.recorded_from,
    )
