"""The database of the repertory: its plans, its two axes, and its way to the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import grpc
import pytest
from crossroads.ledger.v1 import ledger_pb2, ledger_pb2_grpc
from crossroads.repertory.v1 import repertory_pb2, repertory_pb2_grpc
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine

from console.authority import Authority
from mesh import clock
from mesh import database as databases
from mesh.channels import Channels
from mesh.notes import Signer
from mesh.outbox import Worker
from mesh.server import Server
from mesh.settings import Settings
from services.ledger import __main__ as ledger_process
from services.ledger.checkpoint import ORIGIN
from services.ledger.servicer import Ledger as LedgerServicer
from services.ledger.store import Store as LedgerStore
from services.ledger.writer import Writer
from services.repertory.inscriptions import Change
from services.repertory.peers import Ledger
from services.repertory.recording import LEDGER, Recorder
from services.repertory.store import Store
from services.repertory.write_log import Request, Write

LINA = "91041241894"
Stub = Callable[[str], repertory_pb2_grpc.RepertoryStub]
Line = Callable[..., repertory_pb2.Inscription]
Told = Callable[[], Awaitable[list[ledger_pb2.Entry]]]


async def test_a_lookup_reads_the_lines_by_their_index(engine: AsyncEngine) -> None:
    """A plan that reads the whole register would hold up every consultation."""
    async with engine.begin() as connection:
        await connection.execute(
            text(
                """
                INSERT INTO inscriptions
                    (ssin, sector, number, quality, phase, begins, ends, recorded_from)
                SELECT lpad(person::text, 11, '0'), sector, 1, 1, 0, '2020-01-01', '9999-12-31',
                       now()
                FROM generate_series(1, 5000) AS person, generate_series(1, 6) AS sector
                """
            )
        )
        await connection.execute(text("ANALYZE inscriptions"))
    before = await _scans(engine)
    persons = [f"{number:011}" for number in range(1, 257)]
    found, _ = await Store(engine).lookup(persons)
    assert [len(person.inscriptions) for person in found] == [6] * 256
    after = await _scans(engine)
    assert after["of all"] == before["of all"]
    assert after["by index"] > before["by index"]


async def _scans(engine: AsyncEngine) -> dict[str, int]:
    """How often the register was read as a whole, and by its index."""
    connections = [await engine.connect() for _ in range(2)]
    for connection in connections:
        await connection.execute(text("SELECT pg_stat_force_next_flush()"))
        await connection.rollback()
        row = (
            await connection.execute(
                text(
                    "SELECT seq_scan, idx_scan FROM pg_stat_user_tables "
                    "WHERE relname = 'inscriptions'"
                )
            )
        ).one()
    for connection in connections:
        await connection.close()
    return {"of all": row.seq_scan, "by index": row.idx_scan}


async def test_what_was_known_at_a_moment_waits_for_the_write_under_way(
    engine: AsyncEngine, stub: Stub, line: Line
) -> None:
    """Else the answer for a moment would change once that write is there."""
    recorder, store = Recorder(engine), Store(engine)
    await stub("institution/17/1").Register(
        repertory_pb2.RegisterRequest(request_id="request-1", inscriptions=[line()])
    )
    request = Request("institution/17/1", "request-2", b"digest", "TICKET")
    async with recorder.changing([request], [LINA]) as standing:
        await recorder.record(standing, [Write(request, Change(standing.lines, (), ()), {})])
        asked = asyncio.create_task(store.lookup_as_known([LINA], clock.now()))
        await _is_waiting(engine)
        assert not asked.done()
    (person,), position = await asked
    assert (person.inscriptions, position) == ((), 2)


async def _is_waiting(engine: AsyncEngine) -> None:
    """Until somebody waits for a row that another holds."""
    while True:
        async with engine.connect() as connection:
            if await connection.scalar(
                text(
                    "SELECT count(*) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND wait_event_type = 'Lock'"
                )
            ):
                return
        await asyncio.sleep(0.01)


async def test_moments_grow_in_the_order_of_positions(
    engine: AsyncEngine, stub: Stub, line: Line
) -> None:
    centre = stub("institution/17/1")
    await asyncio.gather(
        *(
            centre.Register(
                repertory_pb2.RegisterRequest(
                    request_id=f"request-{day}", inscriptions=[line(f"2026-01-{day:02}")]
                )
            )
            for day in range(1, 21)
        )
    )
    async with engine.connect() as connection:
        rows = (
            await connection.execute(
                text("SELECT position, recorded_at FROM requests ORDER BY position")
            )
        ).all()
    assert [row.position for row in rows] == list(range(1, 21))
    moments = [row.recorded_at for row in rows]
    assert moments == sorted(set(moments))


@pytest.fixture
async def ledger(database: str, authority: Authority, tmp_path: Path) -> AsyncIterator[str]:
    """A ledger, which for once lies in the same database: its address."""
    options = {"options": "-csearch_path=ledger"}
    url = make_url(database).update_query_dict(options)
    schema = url.render_as_string(hide_password=False)
    plain = databases.engine(database)
    async with plain.begin() as connection:
        await connection.execute(text("CREATE SCHEMA ledger"))
    await plain.dispose()
    await databases.migrate(schema, ledger_process.HERE / "migrations")
    engine = databases.engine(schema)
    store = LedgerStore(engine)
    tls = authority.issue("service/ledger", names=("ledger",))
    server = Server(Settings(name="ledger", tls=tls, state=tmp_path))
    server.mount(
        ledger_pb2_grpc.add_LedgerServicer_to_server,
        LedgerServicer(store, Writer(store), Signer(ORIGIN, Ed25519PrivateKey.generate())),
    )
    yield f"127.0.0.1:{await server.start()}"
    await server.stop()
    await engine.dispose()


async def test_the_ledger_has_every_change_and_every_refusal_once(
    database: str,
    engine: AsyncEngine,
    ledger: str,
    authority: Authority,
    stub: Stub,
    line: Line,
    told: Told,
    tmp_path: Path,
) -> None:
    request = repertory_pb2.RegisterRequest(request_id="request-1", inscriptions=[line()])
    await stub("institution/17/1").Register(request)
    await stub("institution/17/1").Register(request)
    with pytest.raises(grpc.aio.AioRpcError, match="You do not speak for institution 17/1"):
        await stub("institution/11/1").Register(request)
    waiting = await told()
    tls = authority.issue("service/repertory", names=("repertory",))
    channels = Channels(
        Settings(name="repertory", tls=tls, state=tmp_path, peers={"ledger": ledger})
    )
    worker = Worker(engine, database, {LEDGER: Ledger(channels).append})
    assert await worker.tell(LEDGER)
    assert not await worker.tell(LEDGER)
    place = authority.issue("auditor/privacy")
    asking = Channels(Settings(name="auditor", tls=place, state=tmp_path))
    accesses = await ledger_pb2_grpc.LedgerStub(asking.open(ledger, "ledger")).ListAccesses(
        ledger_pb2.ListAccessesRequest(ssin=LINA)
    )
    assert [one.entry for one in accesses.accesses] == waiting[::-1]
    assert [one.entry.outcome for one in accesses.accesses] == [
        ledger_pb2.OUTCOME_REFUSED,
        ledger_pb2.OUTCOME_ALLOWED,
    ]
    await channels.close()
    await asking.close()
