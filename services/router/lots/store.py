"""What the router keeps of lots: how far each is, who has no reply yet, and the replies."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mesh import database
from services.router.lots import rows
from services.router.lots.domain import Chunk, Lot, Reply, State, Submission, TooManyLots
from services.router.lots.rows import CHUNKS, LOTS, PERSONS, REPLIES

SUBMITTED = "lots"
"""Channel that wakes who works on lots."""
CHUNK = 100
MOST_RUNNING = 20
"""Lots that one owner may have under way."""
KEPT = timedelta(days=7)
SWEPT_AT_ONCE = 10


class LotStore:
    """The lots in the router's database. Whoever locks a chunk and a lot locks the chunk first."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def submit(self, submission: Submission) -> Lot:
        """The lot now kept under this request id: this one, or the one that came first.

        Raises TooManyLots.
        """
        owner = submission.caller.principal.path
        async with self._engine.begin() as connection:
            await connection.execute(
                sa.text("SELECT pg_advisory_xact_lock(hashtext('lots'), hashtext(:owner))"),
                {"owner": owner},
            )
            known = await connection.execute(
                sa.select(LOTS).where(
                    LOTS.c.owner == owner, LOTS.c.request_id == submission.request_id
                )
            )
            if row := known.first():
                return rows.lot(row)
            running = await connection.scalar(
                sa.select(sa.func.count())
                .select_from(LOTS)
                .where(LOTS.c.owner == owner, _running(submission.at))
            )
            if (running or 0) >= MOST_RUNNING:
                raise TooManyLots
            kept = await connection.execute(
                sa.insert(LOTS).values(rows.of(submission, submission.at + KEPT)).returning(*LOTS.c)
            )
            await connection.execute(
                sa.text(
                    "INSERT INTO lot_persons (lot, ssin, chunk) "
                    "SELECT :lot, ssin, (place - 1) / :size "
                    "FROM unnest(CAST(:ssins AS text[])) WITH ORDINALITY AS named (ssin, place)"
                ),
                {"lot": submission.ticket, "ssins": list(submission.ssins), "size": CHUNK},
            )
            await connection.execute(
                sa.text(
                    "INSERT INTO lot_chunks (lot, chunk) "
                    "SELECT :lot, chunk FROM generate_series(0, :last) AS chunk"
                ),
                {"lot": submission.ticket, "last": (len(submission.ssins) - 1) // CHUNK},
            )
            await database.notify(connection, SUBMITTED)
            return rows.lot(kept.one())

    async def lot(self, owner: str, ticket: str, at: datetime) -> Lot | None:
        """The owner's lot, unless it is no longer kept."""
        async with self._engine.connect() as connection:
            found = await connection.execute(sa.select(LOTS).where(*_own(owner, ticket, at)))
            row = found.first()
        return rows.lot(row) if row else None

    async def replies(self, ticket: str, after: int, most: int) -> list[tuple[int, bytes]]:
        """Replies with their numbers, in order, after a number."""
        async with self._engine.connect() as connection:
            found = await connection.execute(
                sa.select(REPLIES.c.number, REPLIES.c.reply)
                .where(REPLIES.c.lot == ticket, REPLIES.c.number > after)
                .order_by(REPLIES.c.number)
                .limit(most)
            )
            return [(row.number, bytes(row.reply)) for row in found]

    async def cancel(self, owner: str, ticket: str, at: datetime) -> Lot | None:
        """The owner's lot, no longer under way. A chunk being worked on is finished."""
        async with self._engine.begin() as connection:
            found = await connection.execute(sa.select(LOTS.c.lot).where(*_own(owner, ticket, at)))
            if found.first() is None:
                return None
            await self._end(connection, ticket, State.CANCELLED, "", at)
            now = await connection.execute(sa.select(LOTS).where(LOTS.c.lot == ticket))
            return rows.lot(now.one())

    @asynccontextmanager
    async def working(self, at: datetime) -> AsyncIterator[tuple[AsyncConnection, Chunk | None]]:
        """A transaction over the next chunk that nobody else works on; None where there is none.

        Every lot has its turn: first the first chunks of all lots, then the second ones.
        """
        async with self._engine.begin() as connection:
            found = await connection.execute(
                sa.select(
                    CHUNKS.c.chunk,
                    LOTS.c.lot,
                    LOTS.c.question,
                    LOTS.c.caller,
                    LOTS.c.on_behalf_of,
                    LOTS.c.serial,
                    LOTS.c.traceparent,
                )
                .join_from(CHUNKS, LOTS, CHUNKS.c.lot == LOTS.c.lot)
                .where(_running(at))
                .order_by(CHUNKS.c.tries, CHUNKS.c.chunk, CHUNKS.c.lot)
                .limit(1)
                .with_for_update(of=CHUNKS, skip_locked=True)
            )
            row = found.first()
            if row is None:
                yield connection, None
                return
            unanswered = await connection.scalars(
                sa.select(PERSONS.c.ssin)
                .where(
                    PERSONS.c.lot == row.lot,
                    PERSONS.c.chunk == row.chunk,
                    ~sa.exists().where(
                        REPLIES.c.lot == PERSONS.c.lot, REPLIES.c.ssin == PERSONS.c.ssin
                    ),
                )
                .order_by(PERSONS.c.ssin)
            )
            yield connection, rows.chunk(row, tuple(unanswered))

    async def record(
        self,
        connection: AsyncConnection,
        chunk: Chunk,
        replies: Sequence[Reply],
        waits_for: str,
        at: datetime,
    ) -> None:
        """Keep replies and the progress they are; a chunk with persons left comes again later."""
        answered = LOTS.c.answered + len(replies)
        done = sa.and_(LOTS.c.state == State.RUNNING.value, answered == LOTS.c.persons)
        total = await connection.scalar(
            sa.update(LOTS)
            .where(LOTS.c.lot == chunk.lot)
            .values(
                answered=answered,
                refused=LOTS.c.refused + sum(reply.refused for reply in replies),
                failed=LOTS.c.failed + sum(reply.failed for reply in replies),
                waits_for=waits_for,
                state=sa.case((done, State.DONE.value), else_=LOTS.c.state),
                ended_at=sa.case((done, at), else_=LOTS.c.ended_at),
                expires_at=sa.case((done, at + KEPT), else_=LOTS.c.expires_at),
            )
            .returning(LOTS.c.answered)
        )
        if replies:
            first = (total or 0) - len(replies) + 1
            await connection.execute(
                sa.insert(REPLIES).values(
                    [
                        {"lot": chunk.lot, "ssin": r.ssin, "number": number, "reply": r.content}
                        for number, r in enumerate(replies, first)
                    ]
                )
            )
        this = sa.and_(CHUNKS.c.lot == chunk.lot, CHUNKS.c.chunk == chunk.number)
        if len(replies) == len(chunk.ssins):
            await connection.execute(sa.delete(CHUNKS).where(this))
        else:
            await connection.execute(sa.update(CHUNKS).where(this).values(tries=CHUNKS.c.tries + 1))

    async def stop(
        self, connection: AsyncConnection, chunk: Chunk, reason: str, at: datetime
    ) -> None:
        """End a lot that may not go on."""
        await self._end(connection, chunk.lot, State.STOPPED, reason, at)

    async def sweep(self, at: datetime) -> int:
        """Delete some lots whose time is over; how many. One process does it at a time."""
        async with self._engine.begin() as connection:
            mine = await connection.scalar(
                sa.text("SELECT pg_try_advisory_xact_lock(hashtext('lots'))")
            )
            if not mine:
                return 0
            over = (
                await connection.scalars(
                    sa.select(LOTS.c.lot).where(LOTS.c.expires_at <= at).limit(SWEPT_AT_ONCE)
                )
            ).all()
            for table in (CHUNKS, REPLIES, PERSONS, LOTS):
                await connection.execute(sa.delete(table).where(table.c.lot.in_(over)))
        return len(over)

    @staticmethod
    async def _end(
        connection: AsyncConnection, ticket: str, state: State, reason: str, at: datetime
    ) -> None:
        free = (
            sa.select(CHUNKS.c.chunk)
            .where(CHUNKS.c.lot == ticket)
            .with_for_update(skip_locked=True)
            .cte("free")
        )
        await connection.execute(
            sa.delete(CHUNKS).where(
                CHUNKS.c.lot == ticket, CHUNKS.c.chunk.in_(sa.select(free.c.chunk))
            )
        )
        await connection.execute(
            sa.update(LOTS)
            .where(LOTS.c.lot == ticket, LOTS.c.state == State.RUNNING.value)
            .values(
                state=state.value, reason=reason, waits_for="", ended_at=at, expires_at=at + KEPT
            )
        )


def _own(owner: str, ticket: str, at: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return LOTS.c.lot == ticket, LOTS.c.owner == owner, LOTS.c.expires_at > at


def _running(at: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(LOTS.c.state == State.RUNNING.value, LOTS.c.expires_at > at)
