"""The intake served with mTLS on a real database, and a sender who lays files down."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from crossroads.declarations.v1 import (
    declarations_pb2,
    declarations_pb2_grpc,
    dmfa_pb2_grpc,
    risks_pb2_grpc,
)
from lxml import etree

from console import lots
from console.authority import Authority
from gateway.door import DoorBook
from gateway.lots import declared, signatures
from gateway.lots.names import Lot
from gateway.lots.watch import Watch
from gateway.peers import Declarations, Ledger, Quarters
from mesh import clock, refusals
from mesh import database as db
from mesh.certificates import Certificates
from mesh.channels import Channels
from mesh.institutions import Institution
from mesh.periods import Period
from mesh.server import Server
from mesh.settings import Settings
from sandbox import cast, payroll
from services.declarations import employers
from services.declarations.dimona.domain import Person
from services.declarations.dmfa.servicer import Servicer as QuarterServicer
from services.declarations.dmfa.worker import Worker as QuarterWorker
from services.declarations.handled import Handled
from services.declarations.risks.domain import Subject
from services.declarations.risks.quarters import DmfaQuarters
from services.declarations.risks.servicer import Servicer as RiskServicer
from services.declarations.risks.supply import Supply
from services.declarations.risks.worker import Worker as RiskWorker
from services.declarations.servicer import Servicer
from services.declarations.store import Store
from services.declarations.worker import Worker

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

HOME = Path(employers.__file__).parent
SENDER = "100001"
BREWERY = cast.SENDERS[SENDER]


class Everybody:
    """The register outside: it knows whoever is asked about."""

    async def subjects(self, ssins: Collection[str]) -> dict[str, Subject]:
        lines = ((Institution(11, 1), 1, Period(date(2020, 1, 1), date.max)),)
        return {ssin: Subject(ssin, known=True, inscriptions=lines) for ssin in ssins}

    async def lookup(self, ssins: Collection[str]) -> dict[str, Person]:
        return {ssin: Person(ssin, known=True) for ssin in ssins}


@dataclass
class Office:
    """A sender and the bank's side of her folder."""

    root: Path
    tls: Path
    gateway: Path
    peers: dict[str, str]
    channels: Channels
    stub: declarations_pb2_grpc.DeclarationsStub
    quarters: dmfa_pb2_grpc.DmfaStub
    worker: Worker

    @property
    def tray(self) -> Path:
        return self.root / SENDER

    def watch(self, later_s: float = 0.0) -> Watch:
        """A watch as a process that has just started has it."""
        ledger = Ledger(self.channels)
        return Watch(
            self.root,
            Certificates(self.gateway),
            declared.files(Declarations(self.channels), Quarters(self.channels)),
            DoorBook(ledger),
            lambda: time.time() + later_s,
        )

    async def look_until_answered(self, form: str, later_s: float = 0.0) -> list[Path]:
        """The go-aheads of answers of a form, once there is one."""
        watch = self.watch(later_s)
        async with asyncio.timeout(60):
            while not (found := self.answers(form)):
                await watch.look()
        return found

    async def settle(self) -> None:
        """Look until nothing is under way any more."""
        watch = self.watch()
        async with asyncio.timeout(60):
            await watch.look()
            while self.names("lots"):
                await watch.look()

    def names(self, folder: str) -> list[str]:
        return sorted(file.name for file in (self.tray / folder).iterdir())

    def answers(self, form: str) -> list[Path]:
        return sorted((self.tray / "out").glob(f"GO.{form}.*"))

    def read(self, go: Path, part: int = 1) -> etree._Element:
        """An answer, whose signature must be the gateway's."""
        stem, _, parts = go.name.removeprefix("GO.").rpartition(".")
        files = [go.with_name(f"{prefix}.{stem}.{part}.{parts}") for prefix in ("FO", "FS")]
        content, signature = (file.read_bytes() for file in files)
        signed = signatures.signer(content, signature)
        assert signed.subject.rfc4514_string() == "CN=service/gateway"
        return etree.fromstring(content)

    def lay(self, lot: Lot, *documents: bytes, tls: Path | None = None) -> None:
        """Lay a lot down as a sender does, the go-ahead last."""
        folder = tls or self.tls
        pem = [(folder / name).read_bytes() for name in ("cert.pem", "key.pem")]
        for part, document in enumerate(documents, 1):
            signature = signatures.sign(document, *pem)
            (self.tray / "in" / lot.piece("FI", part)).write_bytes(document)
            (self.tray / "in" / lot.piece("FS", part)).write_bytes(signature)
        (self.tray / "in" / lot.go).touch()

    async def declarations(self) -> list[declarations_pb2.Declaration]:
        answer = await self.stub.ListDeclarations(
            declarations_pb2.ListDeclarationsRequest(page_size=1000)
        )
        return list(answer.declarations)


def lot(number: str = "00001", parts: int = 1, **other: str) -> Lot:
    day = clock.today().strftime("%Y%m%d")
    told = {"form": "DIMN", "sender": SENDER, "day": day, "environment": "R"} | other
    return Lot(number=number, parts=parts, **told)


def dimona(ssin: str = cast.LINA, forms: int = 1) -> bytes:
    """A document with forms of entry into service at the brewery."""
    one = payroll.dimona_in(clock.now(), cast.BREWERY_NSSO, ssin, clock.today())
    root = etree.fromstring(one)
    for _ in range(forms - 1):
        root.append(etree.fromstring(one)[0])
    return etree.tostring(root)


@pytest.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    await db.migrate(database, HOME / "migrations")
    engine = db.engine(database)
    async with engine.begin() as connection:
        await Store(connection).know(employers.read(HOME / "employers.yaml"))
    yield engine
    await engine.dispose()


@pytest.fixture
async def office(
    database: str, engine: AsyncEngine, authority: Authority, tmp_path: Path
) -> AsyncIterator[Office]:
    refusals.load(HOME / "texts.yaml")
    intake = authority.issue("service/declarations", names=["declarations"])
    server = Server(Settings(name="declarations", tls=intake, grace_s=0.1))
    handled = Handled(database)
    quarters = DmfaQuarters()
    server.mount(
        declarations_pb2_grpc.add_DeclarationsServicer_to_server, Servicer(engine, handled)
    )
    server.mount(dmfa_pb2_grpc.add_DmfaServicer_to_server, QuarterServicer(engine, handled))
    risks = RiskServicer(engine, handled, Supply(quarters))
    server.mount(risks_pb2_grpc.add_RisksServicer_to_server, risks)
    address = f"127.0.0.1:{await server.start()}"
    worker = Worker(engine, database, Everybody())
    working = (
        handled.run(),
        worker.run(),
        QuarterWorker(engine, database, Everybody()).run(),
        RiskWorker(engine, database, Everybody(), quarters).run(),
    )
    background = [asyncio.create_task(each) for each in working]
    gateway = authority.issue("service/gateway", names=["gateway"])
    peers = {"declarations": address, "ledger": "127.0.0.1:1"}
    channels = Channels(Settings(name="gateway", tls=gateway, peers=peers))
    tls = authority.issue(BREWERY)
    mine = Channels(Settings(name="brewery", tls=tls, peers=peers))
    lots.prepare(tmp_path / "lots", cast.SENDERS)
    stub = declarations_pb2_grpc.DeclarationsStub(mine.peer("declarations"))
    quarter_stub = dmfa_pb2_grpc.DmfaStub(mine.peer("declarations"))
    yield Office(tmp_path / "lots", tls, gateway, peers, channels, stub, quarter_stub, worker)
    for task in background:
        task.cancel()
    for task in background:
        with suppress(asyncio.CancelledError):
            await task
    await channels.close()
    await mine.close()
    await server.stop()
