"""The bank in this process: repertory, ledger and router behind their real doors.

The catalogue and the databases are real; one holder answers for the institutions told to it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from crossroads.ledger.v1 import ledger_pb2, ledger_pb2_grpc
from crossroads.repertory.v1 import repertory_pb2, repertory_pb2_grpc
from crossroads.router.v1 import exchange_pb2, exchange_pb2_grpc, supplier_pb2, supplier_pb2_grpc
from google.protobuf import any_pb2
from psycopg import sql
from sqlalchemy.ext.asyncio import AsyncEngine

from console import databases
from console.authority import Authority
from console.postgres import Postgres
from mesh import attestations, institutions, refusals, signing_key
from mesh import database as db
from mesh.channels import Channels
from mesh.notes import Signer
from mesh.server import Server
from mesh.settings import Settings
from services.ledger import __main__ as ledger_process
from services.ledger.checkpoint import ORIGIN
from services.ledger.servicer import Ledger
from services.ledger.store import Store as LedgerStore
from services.ledger.writer import Writer
from services.repertory import __main__ as repertory_process
from services.repertory import catalogue
from services.repertory.policy_feed import PolicyFeed
from services.repertory.policy_store import PolicyStore
from services.repertory.recording import Recorder
from services.repertory.servicer import RepertoryServicer
from services.repertory.store import Store as RepertoryStore
from services.router import __main__ as router_process
from services.router.admission import Admission
from services.router.askable.following import Askables
from services.router.askable.store import AskableStore
from services.router.consultation import Consultations
from services.router.lots.reception import Reception
from services.router.lots.store import LotStore
from services.router.lots.worker import LotWork
from services.router.peers import Ledger as LedgerPeer
from services.router.peers import Repertory, Suppliers
from services.router.policy_follower import PolicyFollower
from services.router.publication import Publications
from services.router.receipt import ORIGIN as RECEIPT
from services.router.servicer import ExchangeServicer
from services.router.store import Store as RouterStore

for process in (ledger_process, repertory_process, router_process):
    refusals.load(process.HERE / "texts.yaml")
OPERATOR, AUDITOR = "operator/test", "auditor/test"
HOLDER = "holder.test"


class Lookups(RepertoryServicer):
    """The repertory, with a count of the persons that were looked up."""

    looked_up = 0

    async def BatchLookup(
        self, request: repertory_pb2.BatchLookupRequest, context: Any
    ) -> repertory_pb2.BatchLookupResponse:
        self.looked_up += len(request.ssins)
        return await super().BatchLookup(request, context)


class Holder(supplier_pb2_grpc.SupplierServicer):
    """Has an empty attestation of every sort on everybody. It lies outside."""

    def __init__(self) -> None:
        self.asked: list[supplier_pb2.Question] = []
        self.attestation: dict[str, str] = {}

    async def Supply(
        self, request: supplier_pb2.SupplyRequest, context: Any
    ) -> supplier_pb2.SupplyResponse:
        self.asked += request.questions
        return supplier_pb2.SupplyResponse(answers=map(self._answer, request.questions))

    def _answer(self, question: supplier_pb2.Question) -> supplier_pb2.Answer:
        url = f"type.googleapis.com/{self.attestation[question.data_sort]}"
        packed = any_pb2.Any(type_url=url)
        return supplier_pb2.Answer(status=exchange_pb2.ANSWER_STATUS_OK, attestations=[packed])


@dataclass
class Bank:
    """A bank that serves; `exchange`, `repertory` and `ledger` ask it as somebody."""

    addresses: dict[str, str]
    lookups: Lookups
    holder: Holder
    lots: LotWork
    _follower: PolicyFollower
    _authority: Authority
    _folder: Path
    _opened: dict[str, Channels] = field(default_factory=dict)

    def exchange(self, path: str) -> exchange_pb2_grpc.ExchangeStub:
        return exchange_pb2_grpc.ExchangeStub(self._channels(path).peer("router"))

    def repertory(self, path: str) -> repertory_pb2_grpc.RepertoryStub:
        return repertory_pb2_grpc.RepertoryStub(self._channels(path).peer("repertory"))

    def ledger(self, path: str) -> ledger_pb2_grpc.LedgerStub:
        return ledger_pb2_grpc.LedgerStub(self._channels(path).peer("ledger"))

    async def state(self, quota: repertory_pb2.Quota) -> None:
        """State a quota; the router has heard of it when this returns."""
        put = await self.repertory(OPERATOR).PutQuota(repertory_pb2.PutQuotaRequest(quota=quota))
        await self.heard(put.revision)

    async def heard(self, revision: int) -> None:
        async with asyncio.timeout(10):
            while not await self._follower.is_known() or self._follower.policy.revision < revision:
                await asyncio.sleep(0.01)

    async def answers_for(self, *holders: str) -> None:
        """Let the holder answer in the name of some institutions."""
        operator, revision = self.repertory(OPERATOR), 0
        for name in holders:
            place = institutions.to_wire(institutions.parse(name))
            found = await operator.GetInstitution(
                repertory_pb2.GetInstitutionRequest(institution=place)
            )
            found.institution.supplier_address = self.addresses["holder"]
            found.institution.supplier_name = HOLDER
            put = await operator.PutInstitution(
                repertory_pb2.PutInstitutionRequest(institution=found.institution)
            )
            revision = max(revision, put.revision)
        await self.heard(revision)

    async def close(self) -> None:
        for channels in self._opened.values():
            await channels.close()

    def _channels(self, path: str) -> Channels:
        if path not in self._opened:
            tls = self._authority.issue(path)
            self._opened[path] = Channels(
                Settings(name="test", tls=tls, state=self._folder, peers=self.addresses)
            )
        return self._opened[path]


@asynccontextmanager
async def serving(
    postgres: Postgres,
    authority: Authority,
    folder: Path,
    store: Callable[[AsyncEngine], RepertoryStore] = RepertoryStore,
    servicer: type[Lookups] = Lookups,
) -> AsyncIterator[Bank]:
    """A bank; its repertory reads persons from `store` and answers as `servicer` does."""
    async with AsyncExitStack() as closing:
        urls = {name: closing.enter_context(fresh(postgres)) for name in ("a", "b", "c")}
        addresses: dict[str, str] = {}

        def settings(name: str) -> Settings:
            tls = authority.issue(f"service/{name}", names=(name,))
            return Settings(name=name, tls=tls, state=folder, peers=addresses)

        async def serve(name: str, add: Callable[[Any, Any], None], by: object) -> None:
            server = Server(settings(name))
            server.mount(add, by)
            addresses[name] = f"127.0.0.1:{await server.start()}"
            closing.push_async_callback(server.stop)

        async def engine(url: str, migrations: Path) -> AsyncEngine:
            await db.migrate(url, migrations)
            opened = db.engine(url)
            closing.push_async_callback(opened.dispose)
            return opened

        def follow(work: Awaitable[None]) -> None:
            task = asyncio.ensure_future(work)

            async def end() -> None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

            closing.push_async_callback(end)

        first = await engine(urls["a"], ledger_process.HERE / "migrations")
        kept, key = LedgerStore(first), signing_key.load(folder / "ledger.key")
        ledger = Ledger(kept, Writer(kept), Signer(ORIGIN, key))
        await serve("ledger", ledger_pb2_grpc.add_LedgerServicer_to_server, ledger)

        second = await engine(urls["b"], repertory_process.HERE / "migrations")
        policies, ours = PolicyStore(second), catalogue.read()
        await repertory_process.load(policies, ours)
        feed = PolicyFeed(policies)
        lookups = servicer(store(second), Recorder(second), policies, feed, ours.codes)
        await serve("repertory", repertory_pb2_grpc.add_RepertoryServicer_to_server, lookups)
        follow(feed.run(urls["b"]))

        holder = Holder()
        holder.attestation = {a.data_sort: a.attestation for a in ours.policy.availabilities}
        assert set(holder.attestation.values()) <= set(attestations.BY_NAME)
        server = Server(
            Settings(name="holder", tls=authority.issue("institution/0/0", names=(HOLDER,)))
        )
        server.mount(supplier_pb2_grpc.add_SupplierServicer_to_server, holder)
        addresses["holder"] = f"127.0.0.1:{await server.start()}"
        closing.push_async_callback(server.stop)

        third = await engine(urls["c"], router_process.HERE / "migrations")
        channels = Channels(settings("router"))
        closing.push_async_callback(channels.close)
        written = LedgerPeer(channels)
        asking = Repertory(channels)
        follower, lots = PolicyFollower(asking), LotStore(third)
        consultations = Consultations(follower, asking, written, Suppliers(channels))
        admission = Admission(follower)
        work = LotWork(lots, follower, admission.before(consultations.consult))
        exchange = ExchangeServicer(
            consultations,
            Publications(RouterStore(third)),
            Reception(lots),
            follower,
            admission,
            Askables(AskableStore(third), written),
            Signer(RECEIPT, key),
        )
        await serve("router", exchange_pb2_grpc.add_ExchangeServicer_to_server, exchange)
        follow(follower.follow())
        closing.push_async_callback(consultations.outcomes.drain)
        bank = Bank(addresses, lookups, holder, work, follower, authority, folder)
        closing.push_async_callback(bank.close)
        await bank.heard(1)
        yield bank


@contextmanager
def fresh(postgres: Postgres) -> Iterator[str]:
    """The URL of a database of its own."""
    name = f"test_{uuid4().hex}"
    with databases.connect(postgres.admin) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    yield postgres.admin.set(database=name).render_as_string(hide_password=False)
    with databases.connect(postgres.admin) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


async def entries(bank: Bank, ticket: str) -> list[ledger_pb2.Entry]:
    """What the ledger holds of an exchange."""
    found = await bank.ledger(AUDITOR).ListAccesses(ledger_pb2.ListAccessesRequest(ticket=ticket))
    return [access.entry for access in found.accesses]
