"""The database of the rights engine: what was said, what was decided, what is due."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mesh.periods import Period
from services.rights import rows
from services.rights.domain import Decision, Household, Statement


@dataclass(frozen=True, slots=True)
class Turn:
    """How far the engine is; whoever decides from what was read before it moved decides anew."""

    number: int
    position: int
    """In the mailbox: everything up to it has had its effect."""


class Store:
    """Questions. Persons are given under the number that is in force."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    def transaction(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Committed at its end, or nothing of it is."""
        return self._engine.begin()

    def reading(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """For questions only: no transaction is held while others are asked."""
        return self._engine.execution_options(isolation_level="AUTOCOMMIT").connect()

    async def turn(self, connection: AsyncConnection) -> Turn:
        row = (await connection.execute(text("SELECT turn, position FROM mailbox"))).one()
        return Turn(row.turn, row.position)

    async def lock(self, connection: AsyncConnection) -> None:
        """Held until the transaction ends; whoever was deciding meanwhile decides anew."""
        await connection.execute(text("UPDATE mailbox SET turn = turn + 1"))

    async def in_force(self, connection: AsyncConnection, ssins: Iterable[str]) -> dict[str, str]:
        """Of those numbers the ones that were replaced, and by which."""
        found = await connection.execute(
            text(
                "SELECT ssin, replaced_by FROM replaced_numbers "
                "WHERE ssin = ANY(CAST(:ssins AS text[]))"
            ),
            {"ssins": sorted(ssins)},
        )
        return {row.ssin: row.replaced_by for row in found}

    async def statements(
        self, connection: AsyncConnection, ssins: Iterable[str], known_at: datetime
    ) -> tuple[Statement, ...]:
        """All that was ever said on those persons and recorded by that moment."""
        found = await connection.execute(
            text(
                "SELECT statements.*, in_force FROM statements "
                "JOIN numbers_of(CAST(:ssins AS text[])) USING (ssin) "
                "WHERE recorded_at <= :known_at"
            ),
            {"ssins": sorted(ssins), "known_at": known_at},
        )
        return tuple(map(rows.statement, found))

    async def asked(
        self, connection: AsyncConnection, ssins: Iterable[str]
    ) -> frozenset[tuple[str, str]]:
        """Which sorts of data were asked for those persons, whatever the answer was."""
        found = await connection.execute(
            text("SELECT ssin, data_sort FROM asked WHERE ssin = ANY(CAST(:ssins AS text[]))"),
            {"ssins": sorted(ssins)},
        )
        return frozenset((row.ssin, row.data_sort) for row in found)

    async def followed(self, connection: AsyncConnection, ssins: Iterable[str]) -> frozenset[str]:
        """Those of whom every right was decided at least once."""
        found = await connection.execute(
            text("SELECT ssin FROM followed WHERE ssin = ANY(CAST(:ssins AS text[]))"),
            {"ssins": sorted(ssins)},
        )
        return frozenset(row.ssin for row in found)

    async def households(
        self, connection: AsyncConnection, ssins: Iterable[str], known_at: datetime
    ) -> dict[str, tuple[Household, ...]]:
        """The groups of those persons, of all sorts, as last told by that moment."""
        found = (
            await connection.execute(
                text(
                    "SELECT DISTINCT ON (in_force) in_force, composition, ticket "
                    "FROM households JOIN numbers_of(CAST(:ssins AS text[])) USING (ssin) "
                    "WHERE recorded_at <= :known_at ORDER BY in_force, recorded_at DESC"
                ),
                {"ssins": sorted(ssins), "known_at": known_at},
            )
        ).all()
        members = {m[0] for row in found for _, group in row.composition for m in group}
        replaced = await self.in_force(connection, members) if members else {}
        return {
            row.in_force: tuple(
                rows.household(group, members, row.ticket, replaced)
                for group, members in row.composition
            )
            for row in found
        }

    async def standing(
        self, connection: AsyncConnection, ssins: Iterable[str]
    ) -> tuple[Decision, ...]:
        """The newest decision of each entitlement of those persons that was not declared void."""
        found = await connection.execute(
            text(
                "SELECT * FROM (SELECT DISTINCT ON (in_force, entitlement_id) "
                "decisions.*, in_force FROM decisions "
                "JOIN numbers_of(CAST(:ssins AS text[])) USING (ssin) "
                "ORDER BY in_force, entitlement_id, sequence DESC) AS newest WHERE NOT void"
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
                    "SELECT decisions.*, in_force FROM decisions "
                    "JOIN numbers_of(CAST(:ssins AS text[])) USING (ssin) "
                    "WHERE (:right = '' OR \"right\" = :right) "
                    'AND begin < :until AND :since < "end" '
                    "AND decided_at <= :known_at AND sequence < :before "
                    "ORDER BY sequence DESC LIMIT :most"
                ),
                {
                    "ssins": [ssin],
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
                    text(
                        "SELECT decisions.*, coalesce(replaced_by, ssin) AS in_force "
                        "FROM decisions LEFT JOIN replaced_numbers USING (ssin) "
                        "WHERE decision_id = :id"
                    ),
                    {"id": decision_id},
                )
            ).one_or_none()
        return rows.decision(row) if row else None

    async def set_tickets(self, receipts: Sequence[tuple[str, str, str]]) -> None:
        """Person, decision, and the ticket under which it was published."""
        async with self._engine.begin() as connection:
            await connection.execute(
                text(
                    """
                    UPDATE decisions SET ticket = given.ticket
                    FROM unnest(CAST(:ssins AS text[]), CAST(:ids AS text[]),
                                CAST(:tickets AS text[])) AS given(ssin, decision_id, ticket)
                    WHERE (decisions.ssin, decisions.decision_id)
                        = (given.ssin, given.decision_id)
                    """
                ),
                {
                    "ssins": [ssin for ssin, _, _ in receipts],
                    "ids": [decision_id for _, decision_id, _ in receipts],
                    "tickets": [ticket for _, _, ticket in receipts],
                },
            )

    async def sample(self, persons: int, seed: int) -> list[str]:
        """Some of those of whom anything is known, by a hash of their number; a scatter."""
        statement = """
            SELECT ssin FROM (SELECT ssin FROM statements UNION SELECT ssin FROM households)
                AS known LEFT JOIN replaced_numbers USING (ssin) WHERE replaced_by IS NULL
            ORDER BY hashtextextended(ssin, :seed), ssin LIMIT :persons
        """
        async with self._engine.connect() as connection:
            given = {"seed": seed, "persons": persons}
            return list(await connection.scalars(text(statement), given))

    async def due(self, today: date, most: int) -> tuple[tuple[str, str], ...]:
        """Rights and persons whose day has come; no right stands for all."""
        async with self._engine.connect() as connection:
            found = await connection.execute(
                text(
                    'SELECT "right", ssin FROM dues WHERE due_on <= :today '
                    "ORDER BY due_on, ssin LIMIT :most"
                ),
                {"today": today, "most": most},
            )
            return tuple((row.right, row.ssin) for row in found)

    async def count_persons(self) -> int:
        """Of whom anything is known; a scatter."""
        async with self._engine.connect() as connection:
            found = await connection.execute(
                text(
                    "SELECT count(*) FROM "
                    "(SELECT ssin FROM statements UNION SELECT ssin FROM households) AS known"
                )
            )
            return int(found.scalar_one())

    async def persons(self, after: str, most: int) -> tuple[str, ...]:
        """The next persons of whom anything is known, in order of number; replaced ones aside."""
        async with self._engine.connect() as connection:
            found = await connection.execute(
                text(
                    """
                    SELECT ssin FROM (
                        (SELECT ssin FROM statements WHERE ssin > :after
                         GROUP BY ssin ORDER BY ssin LIMIT :most)
                        UNION
                        (SELECT ssin FROM households WHERE ssin > :after
                         GROUP BY ssin ORDER BY ssin LIMIT :most)
                    ) AS known ORDER BY ssin LIMIT :most
                    """
                ),
                {"after": after, "most": most},
            )
            return tuple(row.ssin for row in found)
