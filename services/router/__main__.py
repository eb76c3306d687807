"""The router's process."""

from __future__ import annotations

from pathlib import Path

from crossroads.ledger.v1 import ledger_pb2_grpc
from crossroads.router.v1 import exchange_pb2_grpc, mailbox_pb2_grpc

from mesh import database, process, signing_key
from mesh.channels import Channels
from mesh.notes import Signer
from mesh.server import Server
from mesh.settings import Settings
from services.router.consultation import Consultations
from services.router.lots.reception import Reception
from services.router.lots.store import LotStore
from services.router.lots.worker import LotWork
from services.router.mailbox.first_delivery import FirstDeliveries
from services.router.mailbox.first_store import FirstDeliveryStore
from services.router.mailbox.reader import Bell
from services.router.mailbox.store import MailboxStore
from services.router.mailbox.sweeping import sweep_for_ever
from services.router.mailbox_servicer import MailboxServicer
from services.router.peers import Ledger, Repertory, Suppliers
from services.router.policy_follower import PolicyFollower
from services.router.publication import Publications
from services.router.receipt import ORIGIN
from services.router.servicer import DoorBook, ExchangeServicer
from services.router.store import Store
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
    repertory, ledger, suppliers = Repertory(channels), Ledger(channels), Suppliers(channels)
    follower = PolicyFollower(repertory)
    consultations = Consultations(follower, repertory, ledger, suppliers)
    first_deliveries = FirstDeliveries(
        FirstDeliveryStore(engine), follower, repertory, ledger, suppliers
    )
    signer = Signer(ORIGIN, signing_key.load(settings.state / "router.key"))
    lot_work = LotWork(lots, follower, consultations.consult)
    server = Server(settings, DoorBook(ledger))
    server.mount(
        exchange_pb2_grpc.add_ExchangeServicer_to_server,
        ExchangeServicer(consultations, Publications(store), Reception(lots), follower, signer),
    )
    server.mount(
        mailbox_pb2_grpc.add_MailboxServicer_to_server,
        MailboxServicer(mailboxes, first_deliveries, follower, bell),
    )
    server.mount(
        ledger_pb2_grpc.add_WitnessServicer_to_server, WitnessServicer(WitnessStore(engine))
    )
    server.depends_on("database", lambda: database.is_reachable(engine))
    server.depends_on("policy", follower.is_known)
    await server.run(
        follower.follow(),
        consultations.write_outcomes(),
        bell.run(settings.database_url),
        Distribution(store, follower, repertory, ledger).run(settings.database_url),
        lot_work.run(settings.database_url),
        lot_work.sweep(),
        sweep_for_ever(mailboxes),
    )
    await consultations.drain()
    await channels.close()
    await engine.dispose()


if __name__ == "__main__":
    process.run(main, HERE / "texts.yaml")
