"""The database of the rights engine: what was said, what was decided, what is due."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mesh.periods import Period
from services.rights import rows
from services.rights.domain import Decision, Household, Statement


class Store:
    """Questions and writes. Nothing is ever changed but a decision's ticket, dues and position."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    def transaction(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Committed at its end, or nothing of it is."""
        return self._engine.begin()

    async def lock(self, connection: AsyncConnection) -> int:
        """The mailbox position handled, held until the transaction ends: one decides at a time."""
        locked = await connection.execute(text("SELECT position FROM mailbox FOR UPDATE"))
        return int(locked.scalar_one())

    async def move(self, connection: AsyncConnection, position: int) -> None:
        """Everything up to a position has had its effect."""
        await connection.execute(
            text("UPDATE mailbox SET position = greatest(position, :position)"),
            {"position": position},
        )

    async def add_statements(
        self, connection: AsyncConnection, statements: Sequence[Statement], now: datetime
    ) -> None:
        """Each once, however often it comes."""
        if statements:
            await connection.execute(
                text(
                    """
                    INSERT INTO statements (ssin, institution, data_sort, strand, begin, position,
                                            "end", status, cancelled, ticket, amount, recorded_at)
                    VALUES (:ssin, :institution, :data_sort, :strand, :begin, :position,
                            :end, :status, :cancelled, :ticket, :amount, :recorded_at)
                    ON CONFLICT DO NOTHING
                    """
                ),
                [{**rows.of_statement(statement), "recorded_at": now} for statement in statements],
            )

    async def statements(
        self, connection: AsyncConnection, ssins: Iterable[str], known_at: datetime
    ) -> tuple[Statement, ...]:
        """All that was ever said on those persons and recorded by that moment."""
        found = await connection.execute(
            text(
                "SELECT * FROM statements "
                "WHERE ssin = ANY(CAST(:ssins AS text[])) AND recorded_at <= :known_at"
            ),
            {"ssins": sorted(ssins), "known_at": known_at},
        )
        return tuple(map(rows.statement, found))

    async def add_households(
        self,
        connection: AsyncConnection,
        homes: Mapping[str, Sequence[Household]],
        now: datetime,
    ) -> None:
        """Where each person lives and lived, as told today; only what is new is kept."""
        known = await self.households(connection, homes, now)
        fresh = [
            {
                "ssin": ssin,
                "recorded_at": now,
                "composition": rows.compositions(found),
                "ticket": next((h.ticket for h in found), ""),
            }
            for ssin, found in homes.items()
            if ssin not in known or rows.compositions(known[ssin]) != rows.compositions(found)
        ]
        if fresh:
            await connection.execute(
                text(
                    "INSERT INTO households (ssin, recorded_at, composition, ticket) "
                    "VALUES (:ssin, :recorded_at, CAST(:composition AS jsonb), :ticket) "
                    "ON CONFLICT (ssin, recorded_at) DO UPDATE "
                    "SET composition = excluded.composition, ticket = excluded.ticket"
                ),
                fresh,
            )

    async def households(
        self, connection: AsyncConnection, ssins: Iterable[str], known_at: datetime
    ) -> dict[str, tuple[Household, ...]]:
        """The households of those persons as last told by that moment."""
        found = await connection.execute(
            text(
                "SELECT DISTINCT ON (ssin) ssin, composition, ticket FROM households "
                "WHERE ssin = ANY(CAST(:ssins AS text[])) AND recorded_at <= :known_at "
                "ORDER BY ssin, recorded_at DESC"
            ),
            {"ssins": sorted(ssins), "known_at": known_at},
        )
        return {
            row.ssin: tuple(
                rows.household(group, members, row.ticket) for group, members in row.composition
            )
            for row in found
        }

    async def add_decisions(
        self, connection: AsyncConnection, decisions: Sequence[Decision]
    ) -> None:
        if decisions:
            await connection.execute(
                text(
                    """
                    INSERT INTO decisions (ssin, decision_id, entitlement_id, "right", kind, begin,
                                           "end", void, renewable, ground_begin, ground_end,
                                           version, decided_at, caused_by, amounts)
                    VALUES (:ssin, :id, :entitlement_id, :right, :kind, :begin,
                            :end, :void, :renewable, :ground_begin, :ground_end,
                            :version, :decided_at, :caused_by,
                            CAST(:amounts AS jsonb))
                    """
                ),
                list(map(rows.of_decision, decisions)),
            )

    async def standing(
        self, connection: AsyncConnection, ssins: Iterable[str]
    ) -> tuple[Decision, ...]:
        """The newest decision of each entitlement of those persons that was not declared void."""
        found = await connection.execute(
            text(
                "SELECT * FROM (SELECT DISTINCT ON (ssin, entitlement_id) * FROM decisions "
                "WHERE ssin = ANY(CAST(:ssins AS text[])) "
                "ORDER BY ssin, entitlement_id, sequence DESC) AS newest WHERE NOT void"
            ),
            {"ssins": sorted(ssins)},
        )
        return tuple(map(rows.decision, found))

    async def list_decisions(
        self, ssin: str, right: str, about: Period, known_at: datetime, before: int, most: int
    ) -> list[tuple[int, Decision]]:
        """Decisions on a person that meet some days, newest first, each with its sequence.

        Of every right where none is named.
        """
        async with self._engine.connect() as connection:
            found = await connection.execute(
                text(
                    "SELECT * FROM decisions WHERE ssin = :ssin "
                    "AND (:right = '' OR \"right\" = :right) "
                    'AND begin < :until AND :since < "end" '
                    "AND decided_at <= :known_at AND sequence < :before "
                    "ORDER BY sequence DESC LIMIT :most"
                ),
                {
                    "ssin": ssin,
                    "right": right,
                    "since": about.begin,
                    "until": about.end,
                    "known_at": known_at,
                    "before": before,
                    "most": most,
                },
            )
        return [(row.sequence, rows.decision(row)) for row in found]

    async def decision(self, decision_id: str) -> Decision | None:
        """By its id alone; where persons are spread over machines, all are asked."""
        async with self._engine.connect() as connection:
            row = (
                await connection.execute(
                    text("SELECT * FROM decisions WHERE decision_id = :id"), {"id": decision_id}
                )
            ).one_or_none()
        return rows.decision(row) if row else None

    async def set_tickets(self, receipts: Sequence[tuple[str, str, str]]) -> None:
        """Person, decision, and the ticket under which it was published."""
        async with self._engine.begin() as connection:
            await connection.execute(
                text(
                    "UPDATE decisions SET ticket = :ticket "
                    "WHERE ssin = :ssin AND decision_id = :decision_id"
                ),
                [
                    {"ssin": ssin, "decision_id": decision_id, "ticket": ticket}
                    for ssin, decision_id, ticket in receipts
                ],
            )

    async def sample(self, persons: int, seed: int) -> list[str]:
        """Some of those of whom anything was said, by a hash of their number; a scatter."""
        async with self._engine.connect() as connection:
            found = await connection.execute(
                text(
                    "SELECT ssin FROM (SELECT DISTINCT ssin FROM statements) AS known "
                    "ORDER BY hashtextextended(ssin, :seed), ssin LIMIT :persons"
                ),
                {"seed": seed, "persons": persons},
            )
            return [row.ssin for row in found]

    async def set_dues(self, connection: AsyncConnection, dues: Mapping[str, date | None]) -> None:
        """On which day each person must be looked at again, whatever is said until then."""
        waiting = [{"ssin": s, "due_on": day} for s, day in dues.items() if day is not None]
        if waiting:
            await connection.execute(
                text(
                    "INSERT INTO dues (ssin, due_on) VALUES (:ssin, :due_on) "
                    "ON CONFLICT (ssin) DO UPDATE SET due_on = excluded.due_on"
                ),
                waiting,
            )
        await connection.execute(
            text("DELETE FROM dues WHERE ssin = ANY(CAST(:ssins AS text[]))"),
            {"ssins": sorted(ssin for ssin, day in dues.items() if day is None)},
        )

    async def due(self, today: date, most: int) -> frozenset[str]:
        """Persons whose day has come."""
        async with self._engine.connect() as connection:
            found = await connection.execute(
                text("SELECT ssin FROM dues WHERE due_on <= :today ORDER BY due_on LIMIT :most"),
                {"today": today, "most": most},
            )
        return frozenset(row.ssin for row in found)
