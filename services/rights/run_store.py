"""The record of runs of re-evaluation, and of the law that was last applied to everybody."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.rights import archive, law
from services.rights.rulebook import Rulebook

OPERATOR, LAW = "operator", "law"
"""Why there is a run: an operator asked for it, or the law changed."""
Counts = Counter[tuple[str, str, str]]
"""How many decisions by right, region and kind."""


@dataclass(frozen=True, slots=True)
class Run:
    """A going over everybody, and how far it is."""

    number: int
    rights: tuple[str, ...]
    reason: str
    reached: str
    """The last person, in order of number; empty: nobody yet."""
    persons: int
    counts: Counts
    left: tuple[str, ...] | None = None
    """In order of number, whom a review left to be looked at one at a time; None: everybody."""


class RunStore:
    """One run is open for one set of rights; whoever asks again goes on with it."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def open(self, rights: Collection[str], reason: str, now: datetime) -> Run:
        """The run under way over those rights, or a new one."""
        async with self._engine.begin() as connection:
            await connection.execute(text("LOCK TABLE reevaluations IN EXCLUSIVE MODE"))
            row = (
                await connection.execute(
                    text(
                        "SELECT * FROM reevaluations WHERE ended_at IS NULL AND reason = :reason "
                        "AND rights = CAST(:rights AS text[])"
                    ),
                    {"reason": reason, "rights": sorted(rights)},
                )
            ).first()
            if row is None:
                row = (
                    await connection.execute(
                        text(
                            "INSERT INTO reevaluations (rights, reason, started_at) "
                            "VALUES (:rights, :reason, :now) RETURNING *"
                        ),
                        {"rights": sorted(rights), "reason": reason, "now": now},
                    )
                ).one()
        return _run(row)

    async def narrow(
        self,
        rights: Collection[str],
        left: Collection[str],
        persons: int,
        counts: Counts,
        now: datetime,
    ) -> Run:
        """After a review of everybody: runs under way over those rights go over who is left only.

        The one that operators go on with begins with what the review counted.
        """
        given = {"rights": sorted(rights), "left": sorted(left)}
        run = await self.open(rights, OPERATOR, now)
        async with self._engine.begin() as connection:
            await connection.execute(
                text(
                    'UPDATE reevaluations SET "left" = CAST(:left AS text[]) '
                    "WHERE ended_at IS NULL AND rights <@ CAST(:rights AS text[])"
                ),
                given,
            )
        begun = replace(run, reached="", persons=persons, counts=counts, left=tuple(given["left"]))
        await self.keep(begun, None)
        return begun

    async def under_way(self, reason: str) -> tuple[Run, ...]:
        async with self._engine.connect() as connection:
            found = await connection.execute(
                text(
                    "SELECT * FROM reevaluations WHERE ended_at IS NULL AND reason = :reason "
                    "ORDER BY number"
                ),
                {"reason": reason},
            )
            return tuple(map(_run, found))

    async def keep(self, run: Run, ended_at: datetime | None) -> Run:
        """How far it is; ended where a moment is given. A review may have narrowed it meanwhile."""
        async with self._engine.begin() as connection:
            row = await connection.execute(
                text(
                    "UPDATE reevaluations SET reached = :reached, persons = :persons, "
                    "counts = CAST(:counts AS jsonb), ended_at = :ended_at WHERE number = :number "
                    "RETURNING *"
                ),
                {
                    "number": run.number,
                    "reached": run.reached,
                    "persons": run.persons,
                    "counts": json.dumps([[*key, n] for key, n in sorted(run.counts.items())]),
                    "ended_at": ended_at,
                },
            )
            return _run(row.one())

    async def applied(self) -> tuple[str, date] | None:
        """The digest of the law last applied to everybody, and the day up to which it was known."""
        async with self._engine.connect() as connection:
            row = (await connection.execute(text("SELECT digest, applied_on FROM law"))).first()
        return (row.digest, row.applied_on) if row else None

    async def apply(
        self, rulebook: Rulebook, today: date, rights: Collection[str], now: datetime
    ) -> None:
        """Keep which law is applied and open the run that applies it, or neither.

        A run under way for a law before it is over: the new one goes over all that it would have.
        Of rights that have no law any more no day is awaited.
        """
        async with self._engine.begin() as connection:
            if rights:
                found = await connection.execute(
                    text(
                        "UPDATE reevaluations SET ended_at = :now "
                        "WHERE ended_at IS NULL AND reason = :reason RETURNING rights"
                    ),
                    {"now": now, "reason": LAW},
                )
                every = sorted({*rights, *(right for row in found for right in row.rights)})
                await connection.execute(
                    text(
                        "INSERT INTO reevaluations (rights, reason, started_at) "
                        "VALUES (:rights, :reason, :now)"
                    ),
                    {"rights": every, "reason": LAW, "now": now},
                )
            await connection.execute(
                text('DELETE FROM dues WHERE "right" <> \'\' AND "right" <> ALL(:rights)'),
                {"rights": sorted(rulebook.rules)},
            )
            await archive.keep(connection, rulebook, now)
            await connection.execute(
                text(
                    "INSERT INTO law (digest, applied_on) VALUES (:digest, :today) "
                    "ON CONFLICT (single) DO UPDATE "
                    "SET digest = excluded.digest, applied_on = excluded.applied_on"
                ),
                {"digest": law.digest(rulebook), "today": today},
            )


def _run(row: Any) -> Run:
    return Run(
        row.number,
        tuple(row.rights),
        row.reason,
        row.reached,
        row.persons,
        Counter({(right, region, kind): n for right, region, kind, n in row.counts}),
        None if row.left is None else tuple(row.left),
    )
