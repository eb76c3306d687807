"""What the router keeps: mutations not yet distributed, and the mailboxes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mesh import database, institutions
from mesh.institutions import Institution
from mesh.written import Written
from services.router.mutation import Addressed, ReceivedMutation

MUTATED = "mutated"
"""Channel that wakes the distribution."""
DELIVERED = "delivered"
"""Channel that wakes the mailboxes."""
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
MAILBOXES = sa.table(
    "mailboxes",
    sa.column("institution", sa.Text),
    sa.column("last_position", sa.BigInteger),
    sa.column("acknowledged", sa.BigInteger),
)
DELIVERIES = sa.table(
    "deliveries",
    sa.column("institution", sa.Text),
    sa.column("position", sa.BigInteger),
    sa.column("ssin", sa.Text),
    sa.column("delivery", sa.LargeBinary),
    sa.column("entry_id", sa.Text),
)


class Store:
    """The router's database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def receive(self, mutations: Sequence[ReceivedMutation]) -> list[tuple[str, bytes]]:
        """Keep mutations, and wake the distribution.

        For each the ticket and digest now kept under its request id: its own, or those of the
        mutation that came first.
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
            rows = await connection.execute(
                sa.select(
                    MUTATIONS.c.ssin,
                    MUTATIONS.c.sender,
                    MUTATIONS.c.request_id,
                    MUTATIONS.c.ticket,
                    MUTATIONS.c.digest,
                ).where(
                    sa.tuple_(MUTATIONS.c.ssin, MUTATIONS.c.sender, MUTATIONS.c.request_id).in_(
                        keys
                    )
                )
            )
            kept = {(r.ssin, r.sender, r.request_id): (r.ticket, bytes(r.digest)) for r in rows}
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
            rows = (
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
            yield connection, [_mutation(row) for row in rows]

    async def deliver(
        self,
        connection: AsyncConnection,
        addressed: Sequence[Addressed],
        distributed: Sequence[tuple[ReceivedMutation, Written]],
        at: datetime,
        number: Callable[[bytes, int], bytes],
    ) -> None:
        """Put deliveries into their mailboxes, each at the next position, and close the mutations.

        With each mutation is kept what the ledger was told of it. `number` writes a position
        into a serialised delivery.
        """
        counts: dict[str, int] = {}
        for one in addressed:
            counts[str(one.institution)] = counts.get(str(one.institution), 0) + 1
        if counts:
            opened = insert(MAILBOXES).values(
                [{"institution": name, "last_position": counts[name]} for name in sorted(counts)]
            )
            rows = await connection.execute(
                opened.on_conflict_do_update(
                    index_elements=["institution"],
                    set_={
                        "last_position": MAILBOXES.c.last_position + opened.excluded.last_position
                    },
                ).returning(MAILBOXES.c.institution, MAILBOXES.c.last_position)
            )
            following = {
                row.institution: row.last_position - counts[row.institution] for row in rows
            }
            values = []
            for one in addressed:
                name = str(one.institution)
                following[name] += 1
                values.append(
                    {
                        "institution": name,
                        "position": following[name],
                        "ssin": one.ssin,
                        "delivery": number(one.delivery, following[name]),
                        "entry_id": one.entry_id,
                    }
                )
            await connection.execute(sa.insert(DELIVERIES).values(values))
            await database.notify(connection, DELIVERED)
        await connection.execute(
            sa.text(
                """
                UPDATE mutations AS mutation
                SET distributed_at = :at, written = CAST(done.written AS jsonb)
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

    async def deliveries(self, institution: Institution, after: int, most: int) -> list[bytes]:
        """The deliveries of a mailbox after a position, in order."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(
                sa.select(DELIVERIES.c.delivery)
                .where(DELIVERIES.c.institution == str(institution), DELIVERIES.c.position > after)
                .order_by(DELIVERIES.c.position)
                .limit(most)
            )
            return [bytes(row.delivery) for row in rows]

    async def acknowledged(self, institution: Institution) -> int:
        """The position up to which the reader has everything; 0 before the first."""
        async with self._engine.connect() as connection:
            found: int | None = await connection.scalar(
                sa.select(MAILBOXES.c.acknowledged).where(
                    MAILBOXES.c.institution == str(institution)
                )
            )
        return found or 0

    async def acknowledge(self, institution: Institution, position: int) -> int:
        """Move the reader's position on, never back and never past the last delivery."""
        async with self._engine.begin() as connection:
            found: int | None = await connection.scalar(
                sa.update(MAILBOXES)
                .where(MAILBOXES.c.institution == str(institution))
                .values(
                    acknowledged=sa.func.greatest(
                        MAILBOXES.c.acknowledged, sa.func.least(MAILBOXES.c.last_position, position)
                    )
                )
                .returning(MAILBOXES.c.acknowledged)
            )
        return found or 0


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
