"""What the repertory was asked to change, and what the ledger was told of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from mesh.written import Written
from services.repertory.recording import LEDGER


@dataclass(frozen=True, slots=True)
class Change:
    """A change by its ticket; `written` is None where it was made before that was kept."""

    ticket: str
    written: Written | None


class WitnessStore:
    """Questions over all changes: a deliberate scatter."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def changes(self) -> AsyncIterator[Change]:
        """Every change in the registers of persons and of the policy."""
        async with self._engine.connect() as connection:
            rows = await connection.stream(
                text(
                    "SELECT ticket, written FROM requests "
                    "UNION ALL SELECT ticket, written FROM revisions WHERE ticket IS NOT NULL"
                )
            )
            async for row in rows:
                yield Change(row.ticket, row.written)

    async def waiting(self) -> list[bytes]:
        """What the outbox has still to tell the ledger."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(
                text("SELECT payload FROM outbox WHERE kind = :kind AND refused IS NULL"),
                {"kind": LEDGER},
            )
            return [bytes(row.payload) for row in rows]
