"""The router's process."""

from __future__ import annotations

from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from crossroads.ledger.v1 import ledger_pb2_grpc
from crossroads.router.v1 import exchange_pb2_grpc, mailbox_pb2_grpc, supplier_pb2_grpc

from mesh import database, institutions, process, signing_key
from mesh.channels import Channels
from mesh.institutions import Institution
from mesh.notes import Signer
from mesh.server import Server
from mesh.settings import Settings
from services.router.admission import Admission
from services.router.askable.following import Askables
from services.router.askable.store import AskableStore
from services.router.beyond import Beyond
from services.router.consultation import Consultations
from services.router.door import Doorkeeper
from services.router.lots.reception import Reception
from services.router.lots.store import LotStore
from services.router.lots.worker import LotWork
from services.router.mailbox.first_delivery import FirstDeliveries
from services.router.mailbox.first_store import FirstDeliveryStore
from services.router.mailbox.reader import Bell
from services.router.mailbox.store import MailboxStore
from services.router.mailbox.sweeping import sweep_for_ever
from services.router.mailbox_servicer import MailboxServicer
from services.router.peers import (
    MEMBER_TIMEOUT_S,
    SUPPLY_TIMEOUT_S,
    Ledger,
    Repertory,
    Suppliers,
)
from services.router.policy_follower import PolicyFollower
from services.router.primary_mailbox import PrimaryMailbox
from services.router.publication import Publications
from services.router.quota_store import QuotaStore
from services.router.receipt import ORIGIN
from services.router.servicer import ExchangeServicer
from services.router.store import Store
from services.router.supplier_servicer import SupplierServicer
from services.router.witness_servicer import WitnessServicer
from services.router.witness_store import WitnessStore
from services.router.worker import Distribution

HERE = Path(__file__).parent


async def main(settings: Settings) -> None:
    if settings.migrate:
        await database.migrate(settings.database_url, HERE / "migrations")
    engine = database.engine(settings.database_url, settings.database_pool)
    channels = Channels(settings)
    store, lots, mailboxes, bell = Store(engine), LotStore(engine), MailboxStore(engine), Bell()
    repertory, ledger = Repertory(channels), Ledger(channels)
    follower = PolicyFollower(repertory)
    network = _network(settings)
    suppliers = Suppliers(channels, MEMBER_TIMEOUT_S if network else SUPPLY_TIMEOUT_S)
    beyond = Beyond(channels, settings.home, network) if network else None
    consultations = Consultations(follower, repertory, ledger, suppliers, beyond)
    admission = Admission(follower, QuotaStore(engine))
    lot_work = LotWork(lots, follower, admission.before(consultations.consult))
    first_deliveries = FirstDeliveries(
        FirstDeliveryStore(engine), follower, repertory, ledger, suppliers
    )
    signer = Signer(ORIGIN, signing_key.load(settings.state / "router.key"))
    askables = Askables(AskableStore(engine), repertory, ledger)
    keeper = Doorkeeper(ledger, follower)
    server = Server(settings, keeper, keeper.trust)
    server.mount(
        exchange_pb2_grpc.add_ExchangeServicer_to_server,
        ExchangeServicer(
            consultations,
            Publications(store),
            Reception(lots),
            follower,
            admission,
            askables,
            signer,
        ),
    )
    server.mount(
        mailbox_pb2_grpc.add_MailboxServicer_to_server,
        MailboxServicer(mailboxes, first_deliveries, follower, bell),
    )
    server.mount(
        ledger_pb2_grpc.add_WitnessServicer_to_server, WitnessServicer(WitnessStore(engine))
    )
    told: list[Coroutine[Any, Any, None]] = []
    if network:
        server.mount(
            supplier_pb2_grpc.add_SupplierServicer_to_server,
            SupplierServicer(network, follower, repertory, ledger, suppliers),
        )
        told.append(PrimaryMailbox(channels, network, store, repertory).run())
    server.depends_on("database", lambda: database.is_reachable(engine))
    server.depends_on("policy", follower.is_known)
    await server.run(
        follower.follow(),
        consultations.outcomes.run(),
        bell.run(settings.database_url),
        Distribution(store, follower, repertory, ledger).run(settings.database_url),
        lot_work.run(settings.database_url),
        lot_work.sweep(),
        askables.sweep(),
        *told,
        sweep_for_ever(mailboxes),
    )
    await consultations.outcomes.drain()
    await channels.close()
    await engine.dispose()


def _network(settings: Settings) -> Institution | None:
    """What the network of a secondary hub is to the primary one; None in the primary."""
    return institutions.parse(settings.network) if settings.hub else None


if __name__ == "__main__":
    process.run(main, HERE / "texts.yaml")
