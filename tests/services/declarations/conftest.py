"""A real database with declarations, and recorders in place of the services outside."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from crossroads.declarations.v1 import (
    declarations_pb2_grpc,
    mandates_pb2_grpc,
    periods_pb2_grpc,
)
from crossroads.forms.v1 import dimona_pb2
from crossroads.ledger.v1 import ledger_pb2
from crossroads.repertory.v1 import repertory_pb2
from crossroads.router.v1 import supplier_pb2_grpc
from google.protobuf import json_format
from google.protobuf.message import Message
from sqlalchemy.ext.asyncio import AsyncEngine

from console.authority import Authority
from mesh import clock, tickets
from mesh import database as db
from mesh.announcements import Announcement
from mesh.periods import Period
from mesh.refusals import Refusal
from mesh.server import Server
from mesh.settings import Settings
from services.declarations import employers
from services.declarations.dimona.domain import Person
from services.declarations.dimona.servicer import Servicer as Periods
from services.declarations.domain import Channel, Declaration
from services.declarations.handled import Handled
from services.declarations.mandates.domain import Mandate
from services.declarations.mandates.servicer import Servicer as Mandates
from services.declarations.mandates.store import Store as MandateStore
from services.declarations.servicer import Servicer
from services.declarations.steps import Outcomes
from services.declarations.store import Store
from services.declarations.supplier import Supplier
from services.declarations.worker import Worker
from tests.services.declarations.served import Served

HOME = Path(employers.__file__).parent
BREWERY, LINA, STRANGER = "0400000185", "91041241894", "84031721194"
RECEIVED_AT = datetime(2026, 11, 16, 9, 30, tzinfo=UTC)


@pytest.fixture
def mandate(engine: AsyncEngine) -> Callable[..., Any]:
    """Called with a mandatary: the brewery gives a mandate from 2020 on, or until a day."""

    async def give(mandatary: str, last: date = date.max) -> None:
        days = Period(date(2020, 1, 1), last)
        given = Mandate(BREWERY, mandatary, days, f"employer/{BREWERY}", clock.now())
        async with engine.begin() as connection:
            await MandateStore(connection).put(given)

    return give


@dataclass
class Outside:
    """Repertory, router and ledger as the service sees them; all it hears is kept, in order."""

    heard: list[Message] = field(default_factory=list)
    known: set[str] = field(default_factory=lambda: {LINA})
    failing: Exception | None = None
    replaced: dict[str, str] = field(default_factory=dict)

    async def lookup(self, ssins: Collection[str]) -> dict[str, Person]:
        return {
            ssin: Person(self.replaced.get(ssin, ssin), self.replaced.get(ssin, ssin) in self.known)
            for ssin in ssins
        }

    async def register(self, requests: Sequence[repertory_pb2.RegisterRequest]) -> Outcomes:
        return [self._outcome(request) for request in requests]

    async def end(self, requests: Sequence[repertory_pb2.EndRequest]) -> Outcomes:
        return [self._outcome(request) for request in requests]

    async def publish(self, announcements: Sequence[Announcement]) -> Outcomes:
        return [self._outcome(one.request) for one in announcements]

    async def append(self, entries: Sequence[ledger_pb2.Entry]) -> None:
        for entry in entries:
            self._hear(entry)

    def _outcome(self, message: Message) -> Refusal | None:
        self._hear(message)
        return None

    def _hear(self, message: Message) -> None:
        if self.failing:
            raise self.failing
        self.heard.append(message)


@pytest.fixture
def outside() -> Outside:
    return Outside()


@pytest.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    await db.migrate(database, HOME / "migrations")
    engine = db.engine(database)
    async with engine.begin() as connection:
        await Store(connection).know(employers.read(HOME / "employers.yaml"))
    yield engine
    await engine.dispose()


def _form(body: str, **elements: object) -> dimona_pb2.DimonaForm:
    """A form with the elements of its body, as a payroll package makes it."""
    return json_format.ParseDict(
        {
            "identification": "DIMONA",
            "form_creation_date": "2026-11-16",
            "form_creation_hour": "10:15:00.000",
            "attestation_status": "0",
            "type_form": "SU",
            "references": [
                {"reference_type": "1", "reference_origin": "1", "reference_nbr": "payroll 7"}
            ],
            body: elements,
        },
        dimona_pb2.DimonaForm(),
    )


@pytest.fixture
def form() -> Callable[..., dimona_pb2.DimonaForm]:
    """`form("dimona_out", dimona_period_id=...)`."""
    return _form


@pytest.fixture
def entry() -> Callable[..., dimona_pb2.DimonaForm]:
    """A Dimona IN of Lina at the brewery from 16 November 2026 on; elements can be replaced."""

    def enter(inss: str = LINA, **elements: object) -> dimona_pb2.DimonaForm:
        whole: dict[str, object] = {
            "starting_date": "2026-11-16",
            "employer_id": {"company_id": BREWERY},
            "natural_person": {"inss": inss},
            "dimona_features": {"joint_commission_nbr": "XXX", "worker_type": "OTH"},
        }
        return _form("dimona_in", **(whole | elements))

    return enter


@pytest.fixture
def declaration() -> Callable[..., Declaration]:
    """A declaration as it is about to be stored."""

    def declare(
        form: dimona_pb2.DimonaForm, request_id: str = "", employer: str = BREWERY
    ) -> Declaration:
        ticket = tickets.new()
        return Declaration(
            employer=employer,
            ticket=ticket,
            request_id=request_id or ticket,
            digest=form.SerializeToString(deterministic=True),
            channel=Channel.GRPC,
            received_at=RECEIVED_AT,
            form=form.SerializeToString(deterministic=True),
            caller=f"employer/{employer}",
            declarant=employer,
        )

    return declare


@pytest.fixture
async def service(
    engine: AsyncEngine, database: str, outside: Outside, authority: Authority
) -> AsyncIterator[Served]:
    handled = Handled(database)
    service = Served(authority, Worker(engine, database, outside), handled)
    tls = authority.issue("service/declarations", names=["declarations", "12-0.institution"])
    server = Server(Settings(name="declarations", tls=tls, grace_s=0.1))
    server.mount(
        declarations_pb2_grpc.add_DeclarationsServicer_to_server, Servicer(engine, handled)
    )
    server.mount(mandates_pb2_grpc.add_MandatesServicer_to_server, Mandates(engine))
    server.mount(periods_pb2_grpc.add_PeriodsServicer_to_server, Periods(engine))
    server.mount(supplier_pb2_grpc.add_SupplierServicer_to_server, Supplier(engine))
    service.address = f"127.0.0.1:{await server.start()}"
    yield service
    for channels in service.open:
        await channels.close()
    await server.stop()
