"""What the router took in and delivered, and what the ledger was told of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from mesh.written import Written


@dataclass(frozen=True, slots=True)
class Taken:
    """A mutation by its ticket; `written` is None where it was distributed before that was kept."""

    ticket: str
    written: Written | None
    is_open: bool


class WitnessStore:
    """Questions over all mutations and mailboxes: a deliberate scatter."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def mutations(self) -> AsyncIterator[Taken]:
        """Every mutation; open until it is distributed."""
        async with self._engine.connect() as connection:
            rows = await connection.stream(
                sa.text("SELECT ticket, written, distributed_at IS NULL AS open FROM mutations")
            )
            async for row in rows:
                yield Taken(row.ticket, row.written, row.open)

    async def first_deliveries(self) -> AsyncIterator[tuple[Taken, list[str]]]:
        """Every first delivery and the entry_ids of what it allowed; open until delivered."""
        async with self._engine.connect() as connection:
            rows = await connection.stream(
                sa.text(
                    """
                    SELECT ticket, written, permitted, answer IS NULL AS open
                    FROM first_deliveries
                    """
                )
            )
            async for row in rows:
                yield Taken(row.ticket, row.written, row.open), row.permitted

    async def delivered(self) -> AsyncIterator[str]:
        """The entry_id of every delivery in a mailbox, or swept from it."""
        async with self._engine.connect() as connection:
            rows = await connection.stream(
                sa.text(
                    """
                    SELECT entry_id FROM deliveries
                    UNION ALL SELECT entry_id FROM swept_deliveries
                    """
                )
            )
            async for row in rows:
                yield row.entry_id
