"""The ledger's database: the tree and its entries."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.ledger import tree
from services.ledger.domain import Access, Addition, Known, Sealed, Search
from services.ledger.proof import Place
from services.ledger.tree import Frontier

WRITE = text(
    """
    WITH moved AS (
        UPDATE head SET size = :size, frontier = CAST(:frontier AS bytea[])
        WHERE size = :old_size AND frontier = CAST(:old_frontier AS bytea[])
        RETURNING size
    ), written AS (
        INSERT INTO entries (position, recorded_at, ticket, ssin, salt, content,
                             kind, institution, outcome, data_sorts)
        SELECT CAST(:first AS bigint) + place - 1, CAST(:recorded_at AS timestamptz),
               ticket, ssin, salt, content, kind, institution, outcome,
               string_to_array(data_sorts, chr(31))
        FROM moved, unnest(CAST(:tickets AS text[]), CAST(:ssins AS text[]),
                           CAST(:salts AS bytea[]), CAST(:contents AS bytea[]),
                           CAST(:kinds AS smallint[]), CAST(:institutions AS text[]),
                           CAST(:outcomes AS smallint[]), CAST(:data_sorts AS text[]))
             WITH ORDINALITY AS given(ticket, ssin, salt, content, kind, institution, outcome,
                                      data_sorts, place)
    ), named AS (
        INSERT INTO entry_ids (entry_id, position, digest)
        SELECT entry_id, CAST(:first AS bigint) + place - 1, digest
        FROM moved, unnest(CAST(:entry_ids AS text[]), CAST(:digests AS bytea[]))
             WITH ORDINALITY AS given(entry_id, digest, place)
    ), grown AS (
        INSERT INTO nodes (level, position, hashes)
        SELECT level, position, hashes
        FROM moved, unnest(CAST(:levels AS smallint[]), CAST(:positions AS bigint[]),
                           CAST(:hashes AS bytea[])) AS given(level, position, hashes)
    )
    SELECT size FROM moved
    """
)
HASH_OF = """LATERAL (
    SELECT substring(hashes FROM CAST(asked.position - first AS int) * 32 + 1 FOR 32) AS hash
    FROM (SELECT position AS first, hashes FROM nodes
          WHERE nodes.level = asked.level AND nodes.position <= asked.position
          ORDER BY nodes.position DESC LIMIT 1) AS run
) AS found"""
"""The hash at a level and position: it stands in the last run that begins there or before."""
CONDITIONS = {
    "ssin": "ssin = :ssin AND ssin <> ''",
    "ticket": "ticket = :ticket AND ticket <> ''",
    "institution": "institution = :institution AND institution <> ''",
    "kind": "kind = :kind",
    "outcome": "outcome = :outcome",
    "data_sort": ":data_sort = ANY(data_sorts)",
    "recorded_from": "recorded_at >= :recorded_from",
    "recorded_until": "recorded_at < :recorded_until",
}
"""How each part of a search narrows it; the indexes leave empty values out."""


class Store:
    """Questions and writes. What writes does so in a transaction that has locked the head."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._alone = engine.execution_options(isolation_level="AUTOCOMMIT")

    def transaction(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Committed at its end, or nothing of it is."""
        return self._engine.begin()

    async def lock(self, connection: AsyncConnection) -> Frontier:
        """The head, held until the transaction ends: of several processes, one writes at a time.

        It must be a statement of its own: what the next one sees is then all that the
        holder before wrote.
        """
        row = (await connection.execute(text("SELECT size, frontier FROM head FOR UPDATE"))).one()
        return Frontier(row.size, tuple(row.frontier))

    async def known(self, connection: AsyncConnection, ids: Sequence[str]) -> dict[str, Known]:
        """Which entries are written already."""
        rows = await connection.execute(
            text(
                "SELECT entry_id, position, digest FROM entry_ids "
                "WHERE entry_id = ANY(CAST(:ids AS text[]))"
            ),
            {"ids": list(ids)},
        )
        return {row.entry_id: Known(row.position, row.digest) for row in rows}

    async def open_month(self, connection: AsyncConnection, moment: datetime) -> None:
        """Make the partition for the month of a moment, where there is none."""
        month = moment.astimezone(UTC)
        following = (month.year + month.month // 12, month.month % 12 + 1)
        await connection.execute(
            text(
                f"CREATE TABLE IF NOT EXISTS entries_{month:%Y_%m} PARTITION OF entries "
                f"FOR VALUES FROM ('{month:%Y-%m}-01 00:00:00+00') "
                f"TO ('{following[0]:04}-{following[1]:02}-01 00:00:00+00')"
            )
        )

    async def extend(self, head: Frontier, addition: Addition, recorded_at: datetime) -> bool:
        """Write an addition if the tree still ends at `head` and none of its entries is known.

        One statement, committed by itself; otherwise it leaves everything as it was.
        """
        try:
            async with self._alone.connect() as connection:
                return await self.write(connection, head, addition, recorded_at)
        except IntegrityError:
            return False

    async def write(
        self,
        connection: AsyncConnection,
        head: Frontier,
        addition: Addition,
        recorded_at: datetime,
    ) -> bool:
        """Everything an addition holds, in one statement; whether the tree did end at `head`.

        A writer that had to wait for another sees the head that the other left.
        """
        runs = tree.runs(addition.nodes)
        written = await connection.execute(
            WRITE,
            {
                "old_size": head.size,
                "old_frontier": list(head.hashes),
                "first": addition.first_index,
                "recorded_at": recorded_at,
                "tickets": [entry.ticket for entry in addition.entries],
                "ssins": [entry.ssin for entry in addition.entries],
                "salts": list(addition.salts),
                "contents": [entry.content for entry in addition.entries],
                "kinds": [entry.kind for entry in addition.entries],
                "institutions": [entry.institution for entry in addition.entries],
                "outcomes": [entry.outcome for entry in addition.entries],
                "data_sorts": ["\x1f".join(entry.data_sorts) for entry in addition.entries],
                "entry_ids": [entry.entry_id for entry in addition.entries],
                "digests": list(addition.digests),
                "levels": [run.level for run in runs],
                "positions": [run.index for run in runs],
                "hashes": [run.hash for run in runs],
                "size": addition.frontier.size,
                "frontier": list(addition.frontier.hashes),
            },
        )
        return written.first() is not None

    async def head(self) -> Frontier:
        async with self._alone.connect() as connection:
            row = (await connection.execute(text("SELECT size, frontier FROM head"))).one()
        return Frontier(row.size, tuple(row.frontier))

    async def index_of(self, entry_id: str) -> int | None:
        async with self._alone.connect() as connection:
            found: int | None = await connection.scalar(
                text("SELECT position FROM entry_ids WHERE entry_id = :entry_id"),
                {"entry_id": entry_id},
            )
        return found

    async def nodes(self, places: Sequence[Place]) -> dict[Place, bytes]:
        """The stored hashes at those places."""
        async with self._alone.connect() as connection:
            rows = await connection.execute(
                text(
                    "SELECT asked.level, asked.position, hash "  # noqa: S608 - constants
                    "FROM unnest(CAST(:levels AS smallint[]), CAST(:positions AS bigint[])) "
                    f"AS asked(level, position), {HASH_OF} WHERE length(hash) = 32"
                ),
                {"levels": [level for level, _ in places], "positions": [i for _, i in places]},
            )
        return {(row.level, row.position): row.hash for row in rows}

    async def sealed(self, begin: int, end: int) -> list[Sealed]:
        """Entries by index, `end` not included, each with its leaf as the tree holds it."""
        async with self._alone.connect() as connection:
            rows = await connection.execute(
                text(
                    "SELECT asked.position, hash, salt, content "  # noqa: S608 - constants
                    "FROM (SELECT 0 AS level, position, salt, content FROM entries "
                    "WHERE position >= :begin AND position < :end) AS asked, "
                    f"{HASH_OF} ORDER BY asked.position"
                ),
                {"begin": begin, "end": end},
            )
        return [Sealed(row.position, row.hash, row.salt, row.content) for row in rows]

    async def accesses(self, search: Search, before: int, most: int) -> list[Access]:
        """Entries that match all that is given, before an index, newest first.

        A condition stands only where it narrows, so that the planner sees which index leads.
        """
        values = {name: getattr(search, name) for name in CONDITIONS if getattr(search, name)}
        where = " AND ".join(["position < :before", *(CONDITIONS[name] for name in values)])
        async with self._alone.connect() as connection:
            rows = await connection.execute(
                text(
                    f"SELECT position, content, recorded_at FROM entries WHERE {where} "  # noqa: S608 - constants
                    "ORDER BY position DESC LIMIT :most"
                ),
                {"before": before, "most": most, **values},
            )
        return [Access(row.position, row.content, row.recorded_at) for row in rows]
