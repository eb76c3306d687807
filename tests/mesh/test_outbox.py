"""The outbox tells at least once, in order, and sets aside what is refused for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import grpc
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from mesh import database as db
from mesh import outbox
from mesh.outbox import Item, Worker
from mesh.refusals import Refusal

MIGRATION = '''"""An outbox."""

from alembic import op

from mesh import outbox

revision = "0001"
down_revision = None


def upgrade() -> None:
    outbox.create(op)
'''


@dataclass
class Peer:
    """Someone outside who is told things, and who may be away or refuse."""

    away: int = 0
    refuses: frozenset[bytes] = frozenset()
    told: list[bytes] = field(default_factory=list)

    async def __call__(self, items: list[Item]) -> None:
        if self.away:
            self.away -= 1
            raise Refusal(grpc.StatusCode.UNAVAILABLE, "UNAVAILABLE")
        if any(item.payload in self.refuses for item in items):
            raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED_REQUEST")
        self.told.extend(item.payload for item in items)


@pytest.fixture
async def engine(database: str, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    (tmp_path / "versions").mkdir()
    (tmp_path / "versions" / "0001_outbox.py").write_text(MIGRATION)
    await db.migrate(database, tmp_path)
    await db.migrate(database, tmp_path)  # a second time changes nothing
    made = db.engine(database)
    yield made
    await made.dispose()


async def put(engine: AsyncEngine, *payloads: bytes) -> None:
    async with engine.begin() as connection:
        for payload in payloads:
            await outbox.put(connection, "say", payload)


async def waiting(engine: AsyncEngine) -> list[tuple[bytes, str | None]]:
    async with engine.connect() as connection:
        rows = await connection.execute(sa.text("SELECT payload, refused FROM outbox"))
        return [(bytes(row.payload), row.refused) for row in rows]


async def test_what_is_told_is_told_in_order_and_gone(engine: AsyncEngine, database: str) -> None:
    peer = Peer()
    await put(engine, b"1", b"2")
    await put(engine, b"3")
    worker = Worker(engine, database, {"say": peer})
    assert await worker.tell("say")
    assert not await worker.tell("say")
    assert peer.told == [b"1", b"2", b"3"]


async def test_a_transaction_that_fails_tells_nothing(engine: AsyncEngine) -> None:
    with pytest.raises(RuntimeError):
        async with engine.begin() as connection:
            await outbox.put(connection, "say", b"1")
            raise RuntimeError("changed its mind")
    assert await waiting(engine) == []


async def test_a_peer_that_is_away_is_told_when_it_is_back(
    engine: AsyncEngine, database: str
) -> None:
    peer = Peer(away=2)
    running = asyncio.create_task(Worker(engine, database, {"say": peer}).run())
    await put(engine, b"1", b"2")
    async with asyncio.timeout(10):
        while len(peer.told) < 2:
            await asyncio.sleep(0.02)
    running.cancel()
    assert peer.told == [b"1", b"2"]


async def test_what_is_refused_for_ever_is_set_aside_and_holds_nothing_up(
    engine: AsyncEngine, database: str
) -> None:
    peer = Peer(refuses=frozenset({b"2"}))
    await put(engine, b"1", b"2", b"3")
    worker = Worker(engine, database, {"say": peer})
    assert await worker.tell("say")
    assert peer.told == [b"1", b"3"]
    assert await waiting(engine) == [(b"2", "MALFORMED_REQUEST")]
    assert not await worker.tell("say")


async def test_an_item_keeps_its_id_when_told_again(engine: AsyncEngine, database: str) -> None:
    seen: list[UUID] = []

    async def failing(items: list[Item]) -> None:
        seen.extend(item.id for item in items)
        if len(seen) == 1:
            raise Refusal(grpc.StatusCode.UNAVAILABLE, "UNAVAILABLE")

    await put(engine, b"1")
    worker = Worker(engine, database, {"say": failing})
    with pytest.raises(Refusal):
        await worker.tell("say")
    await worker.tell("say")
    assert seen[0] == seen[1]


async def test_one_process_tells_a_kind_at_a_time(engine: AsyncEngine, database: str) -> None:
    gate, entered = asyncio.Event(), asyncio.Event()

    async def slow(items: list[Item]) -> None:
        entered.set()
        await gate.wait()

    await put(engine, b"1")
    first = asyncio.create_task(Worker(engine, database, {"say": slow}).tell("say"))
    await entered.wait()
    assert not await Worker(engine, database, {"say": slow}).tell("say")
    gate.set()
    assert await first
