"""Mailboxes are numbered logs; a mutation is kept once and delivered once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from mesh.institutions import Institution
from services.router.mailbox.store import MailboxStore
from services.router.mutation import Addressed, ReceivedMutation, Stored
from services.router.store import Store

AT = datetime(2026, 11, 24, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
FUND, CENTRE = Institution(11, 1), Institution(17, 1)


def mutation(ticket: str, request_id: str = "r", content: bytes = b"m") -> ReceivedMutation:
    return ReceivedMutation(
        ticket, "85073003328", FUND, "institution/11/1", request_id, content, content, "", AT
    )


def number(delivery: bytes, position: int) -> bytes:
    return delivery + f":{position}".encode()


async def deliver(store: Store, *to: tuple[Institution, bytes]) -> int:
    async with store.distributing(10) as (connection, received):
        addressed = [Addressed(i, "85073003328", content, "e") for i, content in to]
        await store.deliver(connection, addressed, [(m, {}) for m in received], AT, number)
    return len(received)


async def test_a_request_id_said_twice_keeps_the_first(store: Store) -> None:
    assert await store.receive([mutation("A")]) == [Stored("A", b"m", AT)]
    later = [
        replace(one, received_at=LATER)
        for one in (mutation("B"), mutation("C", "other"), mutation("D", content=b"x"))
    ]
    first, other = Stored("A", b"m", AT), Stored("C", b"m", LATER)
    assert await store.receive(later[:2]) == [first, other]
    assert await store.receive(later[2:]) == [first]


async def test_a_request_id_twice_in_one_batch_gives_one_ticket(store: Store) -> None:
    first, second = await store.receive([mutation("A"), mutation("B")])
    assert first == second


async def test_each_mailbox_is_numbered_from_one(store: Store, mailboxes: MailboxStore) -> None:
    await store.receive([mutation("A")])
    assert await deliver(store, (FUND, b"f"), (CENTRE, b"c"), (FUND, b"g")) == 1
    assert await deliver(store) == 0
    await store.receive([mutation("B", "second")])
    await deliver(store, (CENTRE, b"d"))
    assert await mailboxes.deliveries(FUND, 0, 10) == [b"f:1", b"g:2"]
    assert await mailboxes.deliveries(CENTRE, 0, 10) == [b"c:1", b"d:2"]
    assert await mailboxes.deliveries(CENTRE, 1, 10) == [b"d:2"]


async def test_a_failed_distribution_leaves_everything_as_it_was(
    store: Store, mailboxes: MailboxStore
) -> None:
    await store.receive([mutation("A")])
    with pytest.raises(RuntimeError):
        async with store.distributing(10) as (connection, received):
            addressed = [Addressed(FUND, "85073003328", b"f", "e")]
            await store.deliver(connection, addressed, [(m, {}) for m in received], AT, number)
            raise RuntimeError("the process dies here")
    assert await mailboxes.deliveries(FUND, 0, 10) == []
    assert await deliver(store, (FUND, b"f")) == 1
    assert await mailboxes.deliveries(FUND, 0, 10) == [b"f:1"]


async def test_one_process_distributes_at_a_time(store: Store) -> None:
    await store.receive([mutation("A")])
    async with store.distributing(10) as (_, mine), store.distributing(10) as (_, others):
        assert [m.ticket for m in mine] == ["A"]
        assert others == []


async def test_the_position_of_a_reader_goes_neither_back_nor_past_the_end(
    store: Store, mailboxes: MailboxStore
) -> None:
    assert await mailboxes.acknowledge(FUND, 5) == 0
    await store.receive([mutation("A")])
    await deliver(store, (FUND, b"1"), (FUND, b"2"))
    assert await mailboxes.acknowledge(FUND, 1) == 1
    assert await mailboxes.acknowledge(FUND, 9) == 2
    assert await mailboxes.acknowledge(FUND, 1) == 2
    assert (await mailboxes.extent(FUND)).acknowledged == 2


async def test_what_was_distributed_is_kept_without_its_content(
    store: Store, engine: AsyncEngine
) -> None:
    await store.receive([mutation("A")])
    await deliver(store, (FUND, b"f"))
    async with engine.connect() as connection:
        kept = await connection.scalar(sa.text("SELECT mutation FROM mutations"))
    assert bytes(kept or b"absent") == b"absent"
    assert await store.receive([mutation("B")]) == [Stored("A", b"m", AT)]
