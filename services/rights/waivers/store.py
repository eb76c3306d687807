"""The record of waivers, and of their revocations."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.rights.requests import Sent
from services.rights.waivers.domain import Waiver

_KNOWN = """
    SELECT waivers.*, in_force, revoked."end", revoked.revoked_by, revoked.revoked_at
    FROM waivers JOIN numbers_of(CAST(:ssins AS text[])) USING (ssin)
    LEFT JOIN waiver_revocations AS revoked
      ON revoked.ssin = waivers.ssin AND revoked.waiver_id = waivers.waiver_id
      AND revoked.revoked_at <= :known_at
"""


async def known(
    connection: AsyncConnection, ssins: Iterable[str], known_at: datetime
) -> tuple[Waiver, ...]:
    """The waivers of those persons, as known at a moment, in the order recorded.

    Each is given under the number that is in force.
    """
    found = await connection.execute(
        text(_KNOWN + "WHERE recorded_at <= :known_at ORDER BY sequence"),
        {"ssins": sorted(ssins), "known_at": known_at},
    )
    return tuple(map(_waiver, found))


class WaiverStore:
    """Nothing is ever changed: a revocation is a line of its own."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def take_turn(self, connection: AsyncConnection) -> None:
        """Whoever decides from what was read before decides anew; held to the transaction's end."""
        await connection.execute(text("UPDATE mailbox SET turn = turn + 1"))

    async def add(self, connection: AsyncConnection, waiver: Waiver, sent: Sent) -> None:
        await connection.execute(
            text(
                """
                INSERT INTO waivers (ssin, waiver_id, "right", begin, decision_id,
                                     recorded_by, recorded_at, request_id, digest)
                VALUES (:ssin, :id, :right, :begin, :decision_id, :by, :at, :request_id, :digest)
                """
            ),
            {
                "ssin": waiver.ssin,
                "id": waiver.id,
                "right": waiver.right,
                "begin": waiver.begin,
                "decision_id": waiver.decision_id,
                "by": waiver.recorded_by,
                "at": waiver.recorded_at,
                "request_id": sent.request_id,
                "digest": sent.digest,
            },
        )

    async def revoke(
        self, connection: AsyncConnection, waiver: Waiver, end: date, at: datetime, sent: Sent
    ) -> None:
        await connection.execute(
            text(
                """
                INSERT INTO waiver_revocations (ssin, waiver_id, "end", revoked_by, revoked_at,
                                                request_id, digest)
                SELECT ssin, waiver_id, :end, :by, :at, :request_id, :digest
                FROM waivers JOIN numbers_of(CAST(:ssins AS text[])) USING (ssin)
                WHERE waiver_id = :id
                """
            ),
            {
                "ssins": [waiver.ssin],
                "id": waiver.id,
                "end": end,
                "by": sent.by,
                "at": at,
                "request_id": sent.request_id,
                "digest": sent.digest,
            },
        )

    async def requested(
        self, connection: AsyncConnection, ssin: str, sent: Sent
    ) -> tuple[str, bytes] | None:
        """The waiver that a request recorded or revoked, with the digest of its content."""
        found = await connection.execute(
            text(
                """
                SELECT waiver_id, digest
                FROM waivers JOIN numbers_of(CAST(:ssins AS text[])) USING (ssin)
                WHERE recorded_by = :by AND request_id = :request_id
                UNION ALL SELECT waiver_id, digest
                FROM waiver_revocations JOIN numbers_of(CAST(:ssins AS text[])) USING (ssin)
                WHERE revoked_by = :by AND request_id = :request_id
                """
            ),
            {"ssins": [ssin], "by": sent.by, "request_id": sent.request_id},
        )
        row = found.first()
        return (row.waiver_id, bytes(row.digest)) if row else None

    async def list(
        self, ssin: str, right: str, known_at: datetime, before: int, most: int
    ) -> list[tuple[int, Waiver]]:
        """Newest first, each with its sequence; of any right where empty."""
        async with self._engine.connect() as connection:
            found = await connection.execute(
                text(
                    _KNOWN + "WHERE (:right = '' OR \"right\" = :right) "
                    "AND recorded_at <= :known_at AND sequence < :before "
                    "ORDER BY sequence DESC LIMIT :most"
                ),
                {
                    "ssins": [ssin],
                    "right": right,
                    "known_at": known_at,
                    "before": before,
                    "most": most,
                },
            )
            return [(row.sequence, _waiver(row)) for row in found]


def _waiver(row: Any) -> Waiver:
    revoked = row.revoked_at is not None
    return Waiver(
        row.waiver_id,
        row.in_force,
        row.right,
        row.begin,
        row.decision_id,
        row.recorded_by,
        row.recorded_at,
        row.end if revoked else date.max,
        row.revoked_by if revoked else "",
        row.revoked_at,
    )
