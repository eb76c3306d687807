"""What the router keeps of mutations, until they are in the mailboxes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mesh import institutions
from mesh.written import Written
from services.router.mailbox import rows
from services.router.mutation import Addressed, ReceivedMutation, Stored

MUTATED = "mutated"
"""Channel that wakes the distribution."""
ALONE = sa.text("SELECT pg_try_advisory_xact_lock(hashtext('distribution'))")
WAITING = sa.text(
    """
    SELECT ssin, ticket, sender, caller, request_id, digest, mutation, traceparent, received_at
    FROM mutations WHERE distributed_at IS NULL ORDER BY sequence LIMIT :most
    """
)
RECEIVE = sa.text(
    f"""
    WITH given AS (
        SELECT * FROM unnest(
            CAST(:ssins AS text[]), CAST(:tickets AS text[]), CAST(:senders AS text[]),
            CAST(:callers AS text[]), CAST(:request_ids AS text[]), CAST(:digests AS bytea[]),
            CAST(:mutations AS bytea[]), CAST(:traceparents AS text[]),
            CAST(:moments AS timestamptz[])
        ) WITH ORDINALITY AS given(ssin, ticket, sender, caller, request_id, digest, mutation,
                                   traceparent, received_at, place)
    ), kept AS (
        INSERT INTO mutations (ssin, ticket, sender, caller, request_id, digest, mutation,
                               traceparent, received_at)
        SELECT ssin, ticket, sender, caller, request_id, digest, mutation, traceparent,
               received_at
        FROM given ORDER BY place
        ON CONFLICT (ssin, sender, request_id) DO NOTHING
        RETURNING ssin, sender, request_id, ticket, digest, received_at
    ), told AS (SELECT pg_notify('{MUTATED}', '')), before AS (
        SELECT ssin, sender, request_id, mutation.ticket, mutation.digest, mutation.received_at
        FROM mutations AS mutation JOIN given USING (ssin, sender, request_id)
    )
    SELECT kept.* FROM kept, told UNION SELECT * FROM before
    """  # noqa: S608 - a constant
)
"""Keeps what is new, in the order given, and tells what is now kept under each request id."""
CLOSE = sa.text(
    """
    UPDATE mutations AS mutation
    SET distributed_at = :at, mutation = '', written = CAST(done.written AS jsonb)
    FROM unnest(CAST(:ssins AS text[]), CAST(:tickets AS text[]), CAST(:written AS text[]))
         AS done(ssin, ticket, written)
    WHERE mutation.ssin = done.ssin AND mutation.ticket = done.ticket
    """
)
KEPT = sa.text(
    """
    SELECT ssin, sender, request_id, mutation.ticket, mutation.digest, mutation.received_at
    FROM mutations AS mutation
    JOIN unnest(CAST(:ssins AS text[]), CAST(:senders AS text[]), CAST(:request_ids AS text[]))
         AS asked(ssin, sender, request_id) USING (ssin, sender, request_id)
    """
)
Key = tuple[str, str, str]


class Store:
    """The router's database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._alone = engine.execution_options(isolation_level="AUTOCOMMIT")

    async def receive(self, mutations: Sequence[ReceivedMutation]) -> list[Stored]:
        """Keep mutations, and wake the distribution.

        For each what is now kept under its request id: itself, or the mutation that came first.
        """
        keys = [(m.ssin, str(m.sender), m.request_id) for m in mutations]
        async with self._alone.connect() as connection:
            kept = _kept(await connection.execute(RECEIVE, _columns(mutations)))
            if len(kept) < len(set(keys)):  # another process kept some of them meanwhile
                kept |= _kept(await connection.execute(KEPT, _keys(keys)))
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
            mine = await connection.scalar(ALONE)
            waiting = (await connection.execute(WAITING, {"most": most})).all() if mine else ()
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
            CLOSE,
            {
                "at": at,
                "ssins": [mutation.ssin for mutation, _ in distributed],
                "tickets": [mutation.ticket for mutation, _ in distributed],
                "written": [json.dumps(written) for _, written in distributed],
            },
        )


def _columns(mutations: Sequence[ReceivedMutation]) -> dict[str, list[Any]]:
    return {
        "ssins": [m.ssin for m in mutations],
        "tickets": [m.ticket for m in mutations],
        "senders": [str(m.sender) for m in mutations],
        "callers": [m.caller for m in mutations],
        "request_ids": [m.request_id for m in mutations],
        "digests": [m.digest for m in mutations],
        "mutations": [m.mutation for m in mutations],
        "traceparents": [m.traceparent for m in mutations],
        "moments": [m.received_at for m in mutations],
    }


def _keys(keys: Sequence[Key]) -> dict[str, list[str]]:
    return {
        "ssins": [ssin for ssin, _, _ in keys],
        "senders": [sender for _, sender, _ in keys],
        "request_ids": [request_id for _, _, request_id in keys],
    }


def _kept(rows: Iterable[sa.Row[Any]]) -> dict[Key, Stored]:
    return {
        (row.ssin, row.sender, row.request_id): Stored(
            row.ticket, bytes(row.digest), row.received_at
        )
        for row in rows
    }


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
