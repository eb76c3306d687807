"""Opening a bank in this process: repertory, ledger and router behind their real doors.

The catalogue and the databases are real; one holder answers for the institutions told to it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4

from crossroads.ledger.v1 import ledger_pb2_grpc
from crossroads.repertory.v1 import repertory_pb2_grpc
from crossroads.router.v1 import (
    exchange_pb2_grpc,
    mailbox_pb2_grpc,
    supplier_pb2_grpc,
)
from psycopg import sql
from sqlalchemy.ext.asyncio import AsyncEngine

from console import databases
from console.authority import Authority
from console.postgres import Postgres
from mesh import attestations, refusals, signing_key
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
from services.repertory.store import Store as RepertoryStore
from services.router import __main__ as router_process
from services.router.admission import Admission
from services.router.askable.following import Askables
from services.router.askable.store import AskableStore
from services.router.consultation import Consultations
from services.router.lots.reception import Reception
from services.router.lots.store import LotStore
from services.router.lots.worker import LotWork
from services.router.mailbox.first_delivery import FirstDeliveries
from services.router.mailbox.first_store import FirstDeliveryStore
from services.router.mailbox.reader import Bell
from services.router.mailbox.store import MailboxStore
from services.router.mailbox_servicer import MailboxServicer
from services.router.peers import Ledger as LedgerPeer
from services.router.peers import Repertory, Suppliers
from services.router.policy_follower import PolicyFollower
from services.router.publication import Publications
from services.router.quota_store import QuotaStore
from services.router.receipt import ORIGIN as RECEIPT
from services.router.servicer import ExchangeServicer
from services.router.store import Store as RouterStore
from services.router.worker import Distribution
from tests.bank import HOLDER, Bank, Holder, Lookups

for process in (ledger_process, repertory_process, router_process):
    refusals.load(process.HERE / "texts.yaml")
Mounted = tuple[Callable[[Any, Any], None], object]


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
        opening = Opening(postgres, authority, folder, closing)
        await opening.ledger()
        lookups = await opening.repertory(store, servicer)
        holder = await opening.holder()
        bank = await opening.router(lookups, holder)
        closing.push_async_callback(bank.close)
        await bank.heard(1)
        yield bank


@dataclass
class Opening:
    """Starts the parts of a bank, each with a database of its own; `closing` ends them."""

    postgres: Postgres
    authority: Authority
    folder: Path
    closing: AsyncExitStack
    addresses: dict[str, str] = field(default_factory=dict)

    async def ledger(self) -> None:
        engine, _ = await self._engine(ledger_process)
        store, key = LedgerStore(engine), signing_key.load(self.folder / "ledger.key")
        servicer = Ledger(store, Writer(store), Signer(ORIGIN, key))
        await self._serve("ledger", (ledger_pb2_grpc.add_LedgerServicer_to_server, servicer))

    async def repertory(
        self, store: Callable[[AsyncEngine], RepertoryStore], servicer: type[Lookups]
    ) -> Lookups:
        engine, url = await self._engine(repertory_process)
        policies, ours = PolicyStore(engine), catalogue.read()
        await repertory_process.load(policies, ours)
        feed = PolicyFeed(policies)
        made = servicer(store(engine), Recorder(engine), policies, feed, ours.codes)
        await self._serve("repertory", (repertory_pb2_grpc.add_RepertoryServicer_to_server, made))
        self._follow(feed.run(url))
        return made

    async def holder(self) -> Holder:
        made = Holder()
        made.attestation = {
            one.data_sort: one.attestation for one in catalogue.read().policy.availabilities
        }
        assert set(made.attestation.values()) <= set(attestations.BY_NAME)
        tls = self.authority.issue("institution/99/9", names=(HOLDER,))
        await self._start(
            "holder",
            Settings(name="holder", tls=tls, state=self.folder),
            (supplier_pb2_grpc.add_SupplierServicer_to_server, made),
        )
        return made

    async def router(self, lookups: Lookups, holder: Holder) -> Bank:
        engine, _ = await self._engine(router_process)
        channels = Channels(self._settings("router"))
        self.closing.push_async_callback(channels.close)
        repertory, ledger = Repertory(channels), LedgerPeer(channels)
        follower, lots, store = PolicyFollower(repertory), LotStore(engine), RouterStore(engine)
        suppliers = Suppliers(channels)
        consultations = Consultations(follower, repertory, ledger, suppliers)
        first = FirstDeliveries(FirstDeliveryStore(engine), follower, repertory, ledger, suppliers)
        signer = Signer(RECEIPT, signing_key.load(self.folder / "router.key"))
        admission = Admission(follower, QuotaStore(engine))
        askables = Askables(AskableStore(engine), repertory, ledger)
        exchange = ExchangeServicer(
            consultations,
            Publications(store),
            Reception(lots),
            follower,
            admission,
            askables,
            signer,
        )
        await self._serve(
            "router",
            (exchange_pb2_grpc.add_ExchangeServicer_to_server, exchange),
            (
                mailbox_pb2_grpc.add_MailboxServicer_to_server,
                MailboxServicer(MailboxStore(engine), first, follower, Bell()),
            ),
        )
        self._follow(follower.follow())
        self.closing.push_async_callback(consultations.outcomes.drain)
        return Bank(
            self.addresses,
            lookups,
            holder,
            LotWork(lots, follower, admission.before(consultations.consult)),
            Distribution(store, follower, repertory, ledger),
            askables,
            follower,
            self.authority,
            self.folder,
        )

    def _settings(self, name: str) -> Settings:
        tls = self.authority.issue(f"service/{name}", names=(name,))
        return Settings(name=name, tls=tls, state=self.folder, peers=self.addresses)

    async def _serve(self, name: str, *mounted: Mounted) -> None:
        await self._start(name, self._settings(name), *mounted)

    async def _start(self, name: str, settings: Settings, *mounted: Mounted) -> None:
        server = Server(settings)
        for add, servicer in mounted:
            server.mount(add, servicer)
        self.addresses[name] = f"127.0.0.1:{await server.start()}"
        self.closing.push_async_callback(server.stop)

    async def _engine(self, of: ModuleType) -> tuple[AsyncEngine, str]:
        url = self.closing.enter_context(fresh(self.postgres))
        await db.migrate(url, of.HERE / "migrations")
        engine = db.engine(url)
        self.closing.push_async_callback(engine.dispose)
        return engine, url

    def _follow(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)

        async def end() -> None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        self.closing.push_async_callback(end)


@contextmanager
def fresh(postgres: Postgres) -> Iterator[str]:
    """The URL of a database of its own."""
    name = f"test_{uuid4().hex}"
    with databases.connect(postgres.admin) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    yield postgres.admin.set(database=name).render_as_string(hide_password=False)
    with databases.connect(postgres.admin) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
