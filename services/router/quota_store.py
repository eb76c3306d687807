"""What the quotas leave, counted by all routers together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mesh.coalescing import Coalescer
from services.router import quotas
from services.router.quota import Quota
from services.router.quotas import Exceeded, Grant, Room, Rooms

HOLD = sa.text(
    """
    INSERT INTO quota_rooms (institution, purpose)
    SELECT * FROM unnest(CAST(:institutions AS text[]), CAST(:purposes AS text[])) AS asked
    ORDER BY 1, 2
    ON CONFLICT (institution, purpose) DO UPDATE SET purpose = EXCLUDED.purpose
    RETURNING institution, purpose, at, tokens, day, today, clock_timestamp() AS moment
    """
)
"""Reads what is left, and holds it until the transaction ends; in one order, so that no two wait
for each other. Who waited for it reads what the one before left."""
KEEP = sa.text(
    """
    UPDATE quota_rooms AS room
    SET at = left_.at, tokens = left_.tokens, day = left_.day, today = left_.today
    FROM unnest(CAST(:institutions AS text[]), CAST(:purposes AS text[]),
                CAST(:moments AS timestamptz[]), CAST(:tokens AS float8[]),
                CAST(:days AS date[]), CAST(:todays AS bigint[]))
        AS left_(institution, purpose, at, tokens, day, today)
    WHERE (room.institution, room.purpose) = (left_.institution, left_.purpose)
    """
)
Wanted = Mapping[Quota, int]


class QuotaStore:
    """Grants what is asked for, and a block beside it, in the order in which it is asked.

    The time is the database's, which is one for all routers.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self.grant: Coalescer[Wanted, Grant | Exceeded] = Coalescer(self._grant, name="quotas")

    async def _grant(self, several: list[Wanted]) -> Sequence[Grant | Exceeded]:
        concerned = sorted({quota for wanted in several for quota in wanted}, key=_key)
        async with self._engine.begin() as connection:
            rooms, at = await self._held(connection, concerned)
            granted: list[Grant | Exceeded] = []
            beside = {quota: quotas.block(quota) for quota in concerned}
            for wanted in several:
                extra = {quota: beside.get(quota, 0) for quota in wanted}
                rooms, answer = quotas.grant(rooms, wanted, extra, at)
                if isinstance(answer, Grant):
                    beside = {q: n for q, n in beside.items() if not answer.beside.get(q)}
                granted.append(answer)
            await self._keep(connection, rooms)
        return granted

    async def _held(
        self, connection: AsyncConnection, concerned: Sequence[Quota]
    ) -> tuple[Rooms, datetime]:
        unlike = {_key(quota): quota for quota in concerned}
        rows = (await connection.execute(HOLD, _keys(list(unlike.values())))).all()
        found = {(row.institution, row.purpose): row for row in rows}
        rooms = {}
        for quota in concerned:
            row = found[_key(quota)]
            if row.at is not None:
                rooms[quota] = Room(row.at, row.tokens, row.day, row.today)
        return rooms, max(row.moment for row in rows)

    async def _keep(self, connection: AsyncConnection, rooms: Rooms) -> None:
        await connection.execute(
            KEEP,
            {
                **_keys(list(rooms)),
                "moments": [room.at for room in rooms.values()],
                "tokens": [room.tokens for room in rooms.values()],
                "days": [room.day for room in rooms.values()],
                "todays": [room.today for room in rooms.values()],
            },
        )


def _key(quota: Quota) -> tuple[str, str]:
    return str(quota.institution), quota.purpose


def _keys(several: Sequence[Quota]) -> dict[str, list[str]]:
    return {
        "institutions": [_key(quota)[0] for quota in several],
        "purposes": [_key(quota)[1] for quota in several],
    }
