"""The record of what institutions were told that they may ask."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from mesh import institutions
from mesh.institutions import Institution
from services.router.askable.domain import Askable, Place

KEPT = timedelta(days=400)
"""Longer than the longest time within which something can be looked for."""
ASKABLES = sa.table(
    "askables",
    sa.column("ssin", sa.Text),
    sa.column("ticket", sa.Text),
    sa.column("data_sort", sa.Text),
    sa.column("institution", sa.Text),
    sa.column("purpose", sa.Text),
    sa.column("listed_at", sa.DateTime(timezone=True)),
)
_ORDER = (ASKABLES.c.listed_at, ASKABLES.c.ticket, ASKABLES.c.data_sort)


class AskableStore:
    """The askables in the router's database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def keep(self, askables: Sequence[Askable]) -> None:
        if not askables:
            return
        async with self._engine.begin() as connection:
            await connection.execute(
                sa.insert(ASKABLES).values(
                    [
                        {
                            "ssin": one.ssin,
                            "ticket": one.ticket,
                            "data_sort": one.data_sort,
                            "institution": str(one.institution),
                            "purpose": one.purpose,
                            "listed_at": one.listed_at,
                        }
                        for one in askables
                    ]
                )
            )

    async def listed(
        self,
        institution: Institution | None,
        listed_from: datetime | None,
        listed_until: datetime,
        after: Place | None,
        most: int,
    ) -> list[Askable]:
        """What was listed from a moment (None: the first) until another: a deliberate scatter."""
        asked = sa.select(ASKABLES).where(ASKABLES.c.listed_at < listed_until)
        if institution is not None:
            asked = asked.where(ASKABLES.c.institution == str(institution))
        if listed_from is not None:
            asked = asked.where(ASKABLES.c.listed_at >= listed_from)
        if after is not None:
            place = sa.tuple_(
                sa.literal(after.listed_at), sa.literal(after.ticket), sa.literal(after.data_sort)
            )
            asked = asked.where(sa.tuple_(*_ORDER) > place)
        async with self._engine.connect() as connection:
            rows = await connection.execute(asked.order_by(*_ORDER).limit(most))
            return [
                Askable(
                    row.ticket,
                    institutions.parse(row.institution),
                    row.ssin,
                    row.purpose,
                    row.data_sort,
                    row.listed_at,
                )
                for row in rows
            ]

    async def sweep(self, at: datetime) -> int:
        """Delete what is no longer kept: a deliberate scatter. How many."""
        async with self._engine.begin() as connection:
            done = await connection.execute(
                sa.delete(ASKABLES).where(ASKABLES.c.listed_at <= at - KEPT)
            )
        return done.rowcount
