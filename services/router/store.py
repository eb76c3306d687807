"""What the router keeps of mutations, until they are in the mailboxes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mesh import database, institutions
from mesh.written import Written
from services.router.mailbox import rows
from services.router.mutation import Addressed, ReceivedMutation, Stored

MUTATED = "mutated"
"""Channel that wakes the distribution."""
MUTATIONS = sa.table(
    "mutations",
    sa.column("ssin", sa.Text),
    sa.column("ticket", sa.Text),
    sa.column("sequence", sa.BigInteger),
    sa.column("sender", sa.Text),
    sa.column("caller", sa.Text),
    sa.column("request_id", sa.Text),
    sa.column("digest", sa.LargeBinary),
    sa.column("mutation", sa.LargeBinary),
    sa.column("traceparent", sa.Text),
    sa.column("received_at", sa.DateTime(timezone=True)),
    sa.column("distributed_at", sa.DateTime(timezone=True)),
)


class Store:
    """The router's database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def receive(self, mutations: Sequence[ReceivedMutation]) -> list[Stored]:
        """Keep mutations, and wake the distribution.

        For each what is now kept under its request id: itself, or the mutation that came first.
        """
        async with self._engine.begin() as connection:
            await connection.execute(
                insert(MUTATIONS)
                .values(
                    [
                        {
                            "ssin": m.ssin,
                            "ticket": m.ticket,
                            "sender": str(m.sender),
                            "caller": m.caller,
                            "request_id": m.request_id,
                            "digest": m.digest,
                            "mutation": m.mutation,
                            "traceparent": m.traceparent,
                            "received_at": m.received_at,
                        }
                        for m in mutations
                    ]
                )
                .on_conflict_do_nothing(index_elements=["ssin", "sender", "request_id"])
            )
            keys = [(m.ssin, str(m.sender), m.request_id) for m in mutations]
            found = await connection.execute(
                sa.select(
                    MUTATIONS.c.ssin,
                    MUTATIONS.c.sender,
                    MUTATIONS.c.request_id,
                    MUTATIONS.c.ticket,
                    MUTATIONS.c.digest,
                    MUTATIONS.c.received_at,
                ).where(
                    sa.tuple_(MUTATIONS.c.ssin, MUTATIONS.c.sender, MUTATIONS.c.request_id).in_(
                        keys
                    )
                )
            )
            kept = {
                (row.ssin, row.sender, row.request_id): Stored(
                    row.ticket, bytes(row.digest), row.received_at
                )
                for row in found
            }
            await database.notify(connection, MUTATED)
        return [kept[key] for key in keys]

    @asynccontextmanager
    async def distributing(
        self, most: int
    ) -> AsyncIterator[tuple[AsyncConnection, list[ReceivedMutation]]]:
        """A transaction over the oldest mutations not yet distributed.

        One process distributes at a time, so that the mutations of a person stay in order;
        where another does, the list is empty.
        """
        async with self._engine.begin() as connection:
            mine = await connection.scalar(
                sa.text("SELECT pg_try_advisory_xact_lock(hashtext('distribution'))")
            )
            waiting = (
                (
                    await connection.execute(
                        sa.select(MUTATIONS)
                        .where(MUTATIONS.c.distributed_at.is_(None))
                        .order_by(MUTATIONS.c.sequence)
                        .limit(most)
                    )
                ).all()
                if mine
                else ()
            )
            yield connection, [_mutation(row) for row in waiting]

    async def deliver(
        self,
        connection: AsyncConnection,
        addressed: Sequence[Addressed],
        distributed: Sequence[tuple[ReceivedMutation, Written]],
        at: datetime,
        number: Callable[[bytes, int], bytes],
    ) -> None:
        """Put deliveries into their mailboxes, each at the next position, and close the mutations.

        With each mutation is kept what the ledger was told of it, and no longer its content.
        `number` writes a position into a serialised delivery.
        """
        await rows.put(connection, addressed, at, number)
        await connection.execute(
            sa.text(
                """
                UPDATE mutations AS mutation
                SET distributed_at = :at, mutation = '', written = CAST(done.written AS jsonb)
                FROM unnest(CAST(:ssins AS text[]), CAST(:tickets AS text[]),
                            CAST(:written AS text[])) AS done(ssin, ticket, written)
                WHERE mutation.ssin = done.ssin AND mutation.ticket = done.ticket
                """
            ),
            {
                "at": at,
                "ssins": [mutation.ssin for mutation, _ in distributed],
                "tickets": [mutation.ticket for mutation, _ in distributed],
                "written": [json.dumps(written) for _, written in distributed],
            },
        )


def _mutation(row: sa.Row[tuple[object, ...]]) -> ReceivedMutation:
    return ReceivedMutation(
        row.ticket,
        row.ssin,
        institutions.parse(row.sender),
        row.caller,
        row.request_id,
        bytes(row.digest),
        bytes(row.mutation),
        row.traceparent,
        row.received_at,
    )
