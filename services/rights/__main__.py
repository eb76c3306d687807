"""The rights engine as a process."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

from crossroads.rights.v1 import (
    certificates_pb2_grpc,
    rights_pb2_grpc,
    statuses_pb2_grpc,
    upkeep_pb2_grpc,
    waivers_pb2_grpc,
)
from crossroads.router.v1 import supplier_pb2_grpc

from mesh import database, outbox, process
from mesh.channels import Channels
from mesh.server import Server
from mesh.settings import Settings
from services.rights import rulebook
from services.rights.archive import Archive
from services.rights.certificate_servicer import CertificatesServicer
from services.rights.certificate_store import CertificateStore
from services.rights.engine import Engine
from services.rights.in_force import Follower, InForce
from services.rights.inquiries import Inquiries
from services.rights.integration import Repertory
from services.rights.peers import Ledger, Publisher, Register
from services.rights.recording import Recorder
from services.rights.reevaluation import Reevaluation
from services.rights.run_store import RunStore
from services.rights.servicer import Rights
from services.rights.statuses_servicer import StatusesServicer
from services.rights.store import Store
from services.rights.supplier import Supplier
from services.rights.upkeep_servicer import UpkeepServicer
from services.rights.waiver_servicer import WaiversServicer
from services.rights.waiver_store import WaiverStore
from services.rights.worker import Reader, Sweeper

HERE = Path(__file__).parent


async def main(settings: Settings) -> None:
    rules = rulebook.load(HERE)
    if settings.migrate:
        await database.migrate(settings.database_url, HERE / "migrations")
    engine = database.engine(settings.database_url, settings.database_pool)
    store, channels = Store(engine), Channels(settings)
    asking, register = Inquiries(channels), Register(channels, rules)
    rights = Engine(rules, store, Recorder(engine), register)
    reevaluation = Reevaluation(rules, store, RunStore(engine), rights)
    reader, sweeper = Reader(channels, rules, rights), Sweeper(rights, reevaluation)
    answering = Rights(rules, store, Archive(engine), asking)
    statuses = StatusesServicer(rules, asking)
    certificates = CertificatesServicer(rules, store, CertificateStore(engine), asking)
    waivers = WaiversServicer(rules, store, WaiverStore(engine), asking)
    supplier = Supplier(rules, store)
    followers: tuple[Follower, ...] = (
        *(register, rights, reevaluation, reader),
        *(answering, statuses, certificates, waivers, supplier),
    )
    in_force = InForce(HERE, rules, *(follower.use for follower in followers))
    telling = outbox.Worker(
        engine,
        settings.database_url,
        {
            "publish": Publisher(channels, store).publish,
            "ledger": Ledger(channels).append,
            "register": Repertory(channels).register,
        },
    )
    server = Server(settings)
    server.mount(rights_pb2_grpc.add_RightsServicer_to_server, answering)
    server.mount(statuses_pb2_grpc.add_StatusesServicer_to_server, statuses)
    server.mount(certificates_pb2_grpc.add_CertificatesServicer_to_server, certificates)
    server.mount(waivers_pb2_grpc.add_WaiversServicer_to_server, waivers)
    server.mount(
        upkeep_pb2_grpc.add_UpkeepServicer_to_server,
        UpkeepServicer(in_force, store, reevaluation, sweeper),
    )
    server.mount(supplier_pb2_grpc.add_SupplierServicer_to_server, supplier)
    server.depends_on("database", lambda: database.is_reachable(engine))
    asyncio.get_running_loop().add_signal_handler(
        signal.SIGHUP, lambda: in_force.reload_quietly(sweeper.wake)
    )
    await server.run(reader.run(), sweeper.run(), telling.run())
    await channels.close()
    await engine.dispose()


if __name__ == "__main__":
    process.run(main, HERE / "texts.yaml")
