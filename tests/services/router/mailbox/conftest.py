"""A router whose repertory, ledger and holders are outside, and which may die anywhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import grpc
import pytest
import sqlalchemy as sa
from crossroads.attestations.v1 import attestations_pb2
from crossroads.ledger.v1 import ledger_pb2
from crossroads.router.v1 import exchange_pb2, mailbox_pb2_grpc, supplier_pb2
from crossroads.types.v1 import types_pb2
from google.protobuf import any_pb2
from sqlalchemy.ext.asyncio import AsyncEngine

from console.authority import Authority
from mesh import institutions, tickets
from mesh.channels import Channels
from mesh.identity import Caller, parse
from mesh.institutions import Institution
from mesh.periods import ALWAYS, Period
from mesh.refusals import Refusal
from mesh.server import Server
from mesh.settings import Settings
from services.router.domain import (
    Authorization,
    Availability,
    Inscription,
    InstitutionRecord,
    Person,
    Policy,
    Use,
)
from services.router.mailbox.first_delivery import FirstDeliveries
from services.router.mailbox.first_store import FirstDeliveryStore
from services.router.mailbox.reader import Bell
from services.router.mailbox.store import MailboxStore
from services.router.mailbox_servicer import MailboxServicer
from services.router.mutation import Stored
from services.router.publication import Publications
from services.router.store import Store
from services.router.worker import Distribution
from tests.services.router.lots.conftest import Death, Follower

CENTRE, FUND, ENERGY, CARRIER = (
    Institution(17, 1),
    Institution(11, 1),
    Institution(39, 0),
    Institution(40, 4),
)
LINA, NOOR = "91041241894", "15092325643"
SORT = "living_wage"
PERIOD = types_pb2.Period(begin="2026-01-01")
AT = datetime(2026, 11, 24, tzinfo=UTC)
SENDER = Caller(parse(f"institution/{CENTRE}"))
ANSWERED, NO_DATA = exchange_pb2.ANSWER_STATUS_OK, exchange_pb2.ANSWER_STATUS_NO_DATA


def policy(revision: int = 1, terms: Mapping[Institution, Period] = {}) -> Policy:
    """The centre holds living wages; fund and energy supplier may have them, the carrier not.

    Institutions exist always, but for those of which `terms` says otherwise.
    """
    records = tuple(
        InstitutionRecord(
            *(i, str(i), frozenset({f"institution/{i}"}), "there", "x"), terms.get(i, ALWAYS)
        )
        for i in (CENTRE, FUND, ENERGY, CARRIER)
    )
    allowed = tuple(
        Authorization(
            *(f"A/{i}", "18/001", "article 15", i, frozenset({SORT}), "enquiry"),
            frozenset({Use.DISTRIBUTION}),
            blocking=True,
            fields=fields,
        )
        for i, fields in ((FUND, frozenset[str]()), (ENERGY, frozenset({"kind"})))
    )
    held = Availability(SORT, "crossroads.attestations.v1.LivingWage", CENTRE)
    return Policy.of(revision, records, (held,), allowed)


def attestation(cents: int) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(attestations_pb2.LivingWage(kind="LIVING_WAGE", monthly_cents=cents))
    return packed


def cents(packed: any_pb2.Any) -> int:
    return attestations_pb2.LivingWage.FromString(packed.value).monthly_cents


def publish_request(number: int, ssin: str = LINA) -> exchange_pb2.PublishRequest:
    """Each number is a mutation of its own."""
    return exchange_pb2.PublishRequest(
        request_id=f"request-{number}",
        mutation=exchange_pb2.Mutation(
            ssin=ssin,
            data_sort=SORT,
            kind=exchange_pb2.MUTATION_KIND_CHANGED,
            period=PERIOD,
            attestation=attestation(number),
        ),
    )


@dataclass
class Outside:
    """Repertory, ledger and holder as the router sees them. The router dies at `dies_at`, once."""

    known: dict[str, tuple[Institution, ...]] = field(
        default_factory=lambda: {LINA: (CENTRE, FUND, ENERGY), NOOR: (CENTRE, FUND)}
    )
    written: dict[str, bytes] = field(default_factory=dict)
    calls: list[list[str]] = field(default_factory=list)
    stands: int = 0
    dies_at: str = ""
    ledger_is_away: bool = False
    meanwhile: Callable[[], Awaitable[object]] | None = None

    def pass_by(self, point: str) -> None:
        if self.dies_at == point:
            self.dies_at = ""
            raise Death

    async def person(self, ssin: str, freshness: str = "") -> Person:
        return Person(tuple(Inscription(i, 1, ALWAYS) for i in self.known[ssin]), "7")

    async def persons(self, ssins: Sequence[str]) -> dict[str, Person]:
        return {ssin: await self.person(ssin) for ssin in ssins}

    def ask(
        self, record: InstitutionRecord, question: supplier_pb2.Question
    ) -> asyncio.Future[supplier_pb2.Answer]:
        return asyncio.ensure_future(self._answer())

    async def _answer(self) -> supplier_pb2.Answer:
        answer = supplier_pb2.Answer(status=ANSWERED, attestations=[attestation(self.stands)])
        if self.meanwhile is not None:
            await self.meanwhile()
        return answer if self.stands else supplier_pb2.Answer(status=NO_DATA)

    async def append(self, entry: ledger_pb2.Entry) -> None:
        await self.write([[entry]])

    async def write(self, groups: Sequence[Sequence[ledger_pb2.Entry]]) -> None:
        """As the ledger: the same entry_id only with the same content."""
        if self.ledger_is_away:
            raise Refusal(grpc.StatusCode.UNAVAILABLE, "LEDGER_UNAVAILABLE")
        self.pass_by("before the ledger")
        entries = [entry for group in groups for entry in group]
        for entry in entries:
            content = entry.SerializeToString(deterministic=True)
            assert self.written.setdefault(entry.entry_id, content) == content
        self.calls.append([entry.entry_id for entry in entries])
        self.pass_by("after the ledger")

    def entries(self) -> list[ledger_pb2.Entry]:
        return [ledger_pb2.Entry.FromString(content) for content in self.written.values()]


class MortalStore(Store):
    """Dies with its deliveries written and not committed."""

    outside: Outside

    async def deliver(self, *args: object) -> None:
        await super().deliver(*args)  # type: ignore[arg-type]
        self.outside.pass_by("before the commit")


class MortalFirstStore(FirstDeliveryStore):
    """Dies before what was asked for is delivered, or before it can say so."""

    outside: Outside

    async def deliver(self, *args: object) -> bytes:
        self.outside.pass_by("before the commit")
        answer = await super().deliver(*args)  # type: ignore[arg-type]
        self.outside.pass_by("after the commit")
        return answer


class Process:
    """The parts of one process of the router, over a database that outlives it."""

    def __init__(self, engine: AsyncEngine, outside: Outside) -> None:
        self.engine, self.outside, self.follower = engine, outside, Follower(policy())
        self.store, self.mailboxes = MortalStore(engine), MailboxStore(engine)
        first_store = MortalFirstStore(engine)
        self.store.outside = first_store.outside = outside
        self.publications = Publications(self.store)
        self.distribution = Distribution(self.store, self.follower, outside, outside)  # type: ignore[arg-type]
        self.first_deliveries = FirstDeliveries(
            first_store,
            self.follower,  # type: ignore[arg-type]
            *(outside, outside, outside),  # type: ignore[arg-type]
        )

    async def publish(self, number: int, ssin: str = LINA) -> Stored:
        request = publish_request(number, ssin)
        return await self.publications.publish(
            request, SENDER, self.follower.policy, tickets.new(), AT
        )

    async def distribute(self) -> None:
        while await self.distribution.deliver():
            pass


@pytest.fixture
def outside() -> Outside:
    return Outside()


@pytest.fixture
def process(engine: AsyncEngine, outside: Outside) -> Process:
    return Process(engine, outside)


@dataclass
class Serving:
    """The mailboxes of a process on the wire; `stub` asks as somebody."""

    process: Process
    address: str
    authority: Authority
    folder: Path
    opened: list[Channels] = field(default_factory=list)

    def stub(
        self, path: str = f"institution/{FUND}", tls: Path | None = None
    ) -> mailbox_pb2_grpc.MailboxStub:
        tls = tls or self.authority.issue(path)
        self.opened.append(Channels(Settings(name="test", tls=tls, state=self.folder)))
        return mailbox_pb2_grpc.MailboxStub(self.opened[-1].open(self.address, "router"))


@pytest.fixture
async def serving(
    process: Process, database: str, authority: Authority, tmp_path: Path
) -> AsyncIterator[Serving]:
    bell = Bell()
    tls = authority.issue("service/router", names=("router",))
    server = Server(Settings(name="router", tls=tls, state=tmp_path))
    server.mount(
        mailbox_pb2_grpc.add_MailboxServicer_to_server,
        MailboxServicer(
            process.mailboxes,
            process.first_deliveries,
            process.follower,  # type: ignore[arg-type]
            bell,
        ),
    )
    address = f"127.0.0.1:{await server.start()}"
    work = [
        asyncio.create_task(each)
        for each in (bell.run(database), process.distribution.run(database))
    ]
    while await listening(process.engine) < len(work):
        await asyncio.sleep(0.01)
    made = Serving(process, address, authority, tmp_path)
    yield made
    for channels in made.opened:
        await channels.close()
    for task in work:
        task.cancel()
    await asyncio.gather(*work, return_exceptions=True)
    await server.stop()


async def listening(engine: AsyncEngine) -> int:
    """How many listen on this database; one stopped while it connects holds the database up."""
    async with engine.connect() as connection:
        found: int | None = await connection.scalar(
            sa.text(
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND query LIKE 'LISTEN%' AND state = 'idle'
                """
            )
        )
    return found or 0


def wire(institution: Institution) -> types_pb2.Institution:
    return institutions.to_wire(institution)
