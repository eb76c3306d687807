"""A repertory on a real database, served behind its real door."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from crossroads.ledger.v1 import ledger_pb2
from crossroads.repertory.v1 import repertory_pb2, repertory_pb2_grpc
from crossroads.types.v1 import types_pb2
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from console.authority import Authority
from mesh import database as databases
from mesh import institutions, refusals
from mesh.channels import Channels
from mesh.server import Server
from mesh.settings import Settings
from services.repertory import __main__ as process
from services.repertory import catalogue
from services.repertory.door import Doorkeeper
from services.repertory.policy_feed import PolicyFeed
from services.repertory.policy_store import PolicyStore
from services.repertory.recording import Recorder
from services.repertory.servicer import RepertoryServicer
from services.repertory.store import Store

Stub = Callable[[str], repertory_pb2_grpc.RepertoryStub]
Line = Callable[..., repertory_pb2.Inscription]
refusals.load(process.HERE / "texts.yaml")


@pytest.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    await databases.migrate(database, process.HERE / "migrations")
    opened = databases.engine(database)
    yield opened
    await opened.dispose()


@pytest.fixture
def policies(engine: AsyncEngine) -> PolicyStore:
    return PolicyStore(engine)


@pytest.fixture
async def stub(
    database: str,
    engine: AsyncEngine,
    policies: PolicyStore,
    authority: Authority,
    tmp_path: Path,
) -> AsyncIterator[Stub]:
    """Asks a serving repertory as somebody."""
    ours = catalogue.read()
    await process.load(policies, ours)
    feed, recorder = PolicyFeed(policies), Recorder(engine)
    tls = authority.issue("service/repertory", names=("repertory",))
    server = Server(Settings(name="repertory", tls=tls, state=tmp_path), Doorkeeper(recorder))
    server.mount(
        repertory_pb2_grpc.add_RepertoryServicer_to_server,
        RepertoryServicer(Store(engine), recorder, policies, feed, ours.codes),
    )
    address = f"127.0.0.1:{await server.start()}"
    following = asyncio.create_task(feed.run(database))
    opened: dict[str, Channels] = {}

    def ask(path: str) -> repertory_pb2_grpc.RepertoryStub:
        if path not in opened:
            place = authority.issue(path)
            opened[path] = Channels(Settings(name=path, tls=place, state=tmp_path))
        return repertory_pb2_grpc.RepertoryStub(opened[path].open(address, "repertory"))

    yield ask
    for channels in opened.values():
        await channels.close()
    await server.stop()
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


@pytest.fixture
def line() -> Line:
    """A line of the welfare centre on Lina, unless told otherwise."""

    def make(
        begin: str = "2026-01-01",
        end: str = "",
        *,
        ssin: str = "91041241894",
        institution: str = "17/1",
        quality: int = 1,
    ) -> repertory_pb2.Inscription:
        return repertory_pb2.Inscription(
            ssin=ssin,
            institution=institutions.to_wire(institutions.parse(institution)),
            quality=quality,
            period=types_pb2.Period(begin=begin, end=end),
        )

    return make


@pytest.fixture
def told(engine: AsyncEngine) -> Callable[[], object]:
    """What waits in the outbox for the ledger, but for changes in the policy."""

    async def entries() -> list[ledger_pb2.Entry]:
        async with engine.connect() as connection:
            rows = await connection.execute(
                text("SELECT payload FROM outbox WHERE kind = 'ledger' ORDER BY position")
            )
            return [
                entry
                for row in rows
                for entry in ledger_pb2.AppendRequest.FromString(row.payload).entries
                if entry.kind != ledger_pb2.ENTRY_KIND_POLICY
            ]

    return entries
