"""The policy in the database: items by the revisions that brought and closed them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mesh import database, outbox
from mesh.institutions import Institution
from mesh.written import Written
from services.repertory import documents, policy_items
from services.repertory.domain import InstitutionRecord, Policy
from services.repertory.policy_items import Difference, Item, Kind
from services.repertory.recording import LEDGER

CHANGED = "policy"
"""Channel that wakes who follows the policy."""


@dataclass(frozen=True)
class Standing:
    """The policy as it stands, held until the transaction ends."""

    connection: AsyncConnection
    revision: int
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What the ledger is told of a change, and what is kept of that."""

    ticket: str
    written: Written
    payload: bytes


class PolicyStore:
    """Institutions, availabilities and deliberations; nothing of them is ever overwritten."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def policy(self, revision: int | None = None) -> Policy:
        """The policy in force, or as of a revision; revision 0 is before there is any."""
        async with self._engine.connect() as connection:
            found, items = await self._standing(connection, revision)
        return policy_items.policy(found, items)

    async def revision(self) -> int:
        async with self._engine.connect() as connection:
            return await self._revision(connection)

    async def revision_at(self, moment: datetime) -> int:
        """The revision in force at a moment. Waits for a change under way, so that it stays so."""
        async with self._engine.begin() as connection:
            await connection.execute(
                text("SELECT pg_advisory_xact_lock_shared(hashtextextended('policy', 0))")
            )
            found: int | None = await connection.scalar(
                text("SELECT max(revision) FROM revisions WHERE recorded_at <= :moment"),
                {"moment": moment},
            )
        return found or 0

    async def concerned(
        self, path: str, institutions: Collection[Institution]
    ) -> tuple[InstitutionRecord, ...]:
        """The records of some institutions, and of those that a path speaks for."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(
                text(
                    "SELECT document FROM policy_items "
                    "WHERE kind = 'institution' AND until_revision IS NULL "
                    "AND (key = ANY(CAST(:keys AS text[])) OR document->'identities' ? :path)"
                ),
                {"keys": sorted(map(str, institutions)), "path": path},
            )
            return tuple(documents.institution(row.document) for row in rows)

    async def has_catalogue(self, standing: Standing, digest: str) -> bool:
        """Whether this state of the catalogue was loaded last."""
        found: str | None = await standing.connection.scalar(
            text("SELECT digest FROM catalogues ORDER BY sequence DESC LIMIT 1")
        )
        return found == digest

    async def keep_catalogue(self, standing: Standing, digest: str, revision: int) -> None:
        await standing.connection.execute(
            text("INSERT INTO catalogues (digest, revision) VALUES (:digest, :revision)"),
            {"digest": digest, "revision": revision},
        )

    @asynccontextmanager
    async def changing(self) -> AsyncIterator[Standing]:
        """A transaction over the policy; one at a time changes it."""
        async with self._engine.begin() as connection:
            await connection.execute(
                text("SELECT pg_advisory_xact_lock(hashtextextended('policy', 0))")
            )
            revision, items = await self._standing(connection)
            yield Standing(connection, revision, tuple(items))

    async def write(
        self, standing: Standing, change: Difference, caused_by: str, told: Told
    ) -> None:
        """Make the next revision, and let the outbox tell the ledger of it."""
        revision = standing.revision + 1
        connection = standing.connection
        await connection.execute(
            text(
                "INSERT INTO revisions (revision, caused_by, ticket, written, recorded_at) "
                "VALUES (:revision, :caused_by, :ticket, CAST(:written AS jsonb), "
                "clock_timestamp())"
            ),
            {
                "revision": revision,
                "caused_by": caused_by,
                "ticket": told.ticket,
                "written": json.dumps(told.written),
            },
        )
        await outbox.put(connection, LEDGER, told.payload)
        await connection.execute(
            text(
                """
                UPDATE policy_items AS item SET until_revision = :revision
                FROM unnest(CAST(:kinds AS text[]), CAST(:keys AS text[])) AS gone(kind, key)
                WHERE item.kind = gone.kind AND item.key = gone.key
                  AND item.until_revision IS NULL
                """
            ),
            {
                "revision": revision,
                "kinds": [item.kind.value for item in change.closed],
                "keys": [item.key for item in change.closed],
            },
        )
        await connection.execute(
            text(
                """
                INSERT INTO policy_items (kind, key, from_revision, origin, document)
                SELECT kind, key, :revision, origin, CAST(document AS jsonb)
                FROM unnest(CAST(:kinds AS text[]), CAST(:keys AS text[]),
                            CAST(:origins AS text[]), CAST(:documents AS text[]))
                     AS given(kind, key, origin, document)
                """
            ),
            {
                "revision": revision,
                "kinds": [item.kind.value for item in change.opened],
                "keys": [item.key for item in change.opened],
                "origins": [item.origin for item in change.opened],
                "documents": [json.dumps(item.document) for item in change.opened],
            },
        )
        await database.notify(connection, CHANGED)

    async def _revision(self, connection: AsyncConnection) -> int:
        found: int | None = await connection.scalar(text("SELECT max(revision) FROM revisions"))
        return found or 0

    async def _standing(
        self, connection: AsyncConnection, revision: int | None = None
    ) -> tuple[int, list[Item]]:
        """Revision and items in one statement, so that they belong together."""
        rows = (
            await connection.execute(
                text(
                    """
                    SELECT newest.revision, item.kind, item.key, item.document, item.origin,
                           item.from_revision
                    FROM (
                        SELECT coalesce(CAST(:revision AS bigint), max(revision), 0) AS revision
                        FROM revisions
                    ) AS newest
                    LEFT JOIN policy_items AS item
                        ON item.from_revision <= newest.revision
                        AND coalesce(item.until_revision > newest.revision, true)
                    """
                ),
                {"revision": revision},
            )
        ).all()
        return rows[0].revision, [_item(row) for row in rows if row.kind is not None]


def _item(row: Row[Any]) -> Item:
    return Item(Kind(row.kind), row.key, row.document, row.origin, row.from_revision)
