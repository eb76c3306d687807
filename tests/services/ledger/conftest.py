"""A ledger on a real database, and the same behind its real door."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from crossroads.ledger.v1 import ledger_pb2, ledger_pb2_grpc
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.ext.asyncio import AsyncEngine

from console.authority import Authority
from mesh import database as databases
from mesh import refusals
from mesh.channels import Channels
from mesh.notes import Signer, VerifierKey
from mesh.server import Server
from mesh.settings import Settings
from services.ledger import __main__ as process
from services.ledger.checkpoint import ORIGIN
from services.ledger.door import Doorkeeper
from services.ledger.servicer import Ledger
from services.ledger.store import Store
from services.ledger.writer import Writer

LINA = "90010100167"
refusals.load(process.HERE / "texts.yaml")


@pytest.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    await databases.migrate(database, process.HERE / "migrations")
    opened = databases.engine(database)
    yield opened
    await opened.dispose()


@pytest.fixture
def store(engine: AsyncEngine) -> Store:
    return Store(engine)


@dataclass
class Serving:
    """A serving ledger; `stub` asks it as somebody."""

    address: str
    key: VerifierKey
    stub: Callable[..., ledger_pb2_grpc.LedgerStub]


@pytest.fixture
async def ledger(store: Store, authority: Authority, tmp_path: Path) -> AsyncIterator[Serving]:
    tls = authority.issue("service/ledger", names=("ledger",))
    signer = Signer(ORIGIN, Ed25519PrivateKey.generate())
    servicer = Ledger(store, Writer(store), signer)
    server = Server(
        Settings(name="ledger", tls=tls, state=tmp_path, most_calls=1000), Doorkeeper(servicer)
    )
    server.mount(ledger_pb2_grpc.add_LedgerServicer_to_server, servicer)
    address = f"127.0.0.1:{await server.start()}"
    opened: list[Channels] = []

    def stub(path: str, ssin: str = "", folder: str = "") -> ledger_pb2_grpc.LedgerStub:
        place = authority.issue(path, ssin=ssin, folder=folder or path)
        opened.append(Channels(Settings(name=path, tls=place, state=tmp_path)))
        return ledger_pb2_grpc.LedgerStub(opened[-1].open(address, "ledger"))

    yield Serving(address, signer.verifier_key, stub)
    for channels in opened:
        await channels.close()
    await server.stop()


@pytest.fixture
def entry() -> Callable[..., ledger_pb2.Entry]:
    """A consultation of the welfare centre about Lina, unless told otherwise."""

    def make(number: int, ssin: str = LINA, reason: str = "") -> ledger_pb2.Entry:
        made = ledger_pb2.Entry(
            entry_id=f"TICKET{number:09}/decision",
            ticket=f"TICKET{number:09}",
            kind=ledger_pb2.ENTRY_KIND_CONSULTATION,
            occurred_at="2026-11-24T08:00:00Z",
            caller="institution/17/1",
            ssin=ssin,
            data_sorts=["employment_period"],
            purpose="living_wage_enquiry",
            outcome=ledger_pb2.OUTCOME_REFUSED if reason else ledger_pb2.OUTCOME_ALLOWED,
            reason=reason,
            content=b"the decision",
        )
        made.institution.sector, made.institution.number = 17, 1
        return made

    return make
