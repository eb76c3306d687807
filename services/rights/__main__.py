"""The rights engine as a process."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from crossroads.rights.v1 import (
    certificates_pb2_grpc,
    rights_pb2_grpc,
    statuses_pb2_grpc,
    waivers_pb2_grpc,
)
from crossroads.router.v1 import supplier_pb2_grpc

from mesh import database, outbox, process
from mesh.channels import Channels
from mesh.periods import Period
from mesh.server import Server
from mesh.settings import Settings
from services.rights import rulebook
from services.rights.certificate_servicer import CertificatesServicer
from services.rights.certificate_store import CertificateStore
from services.rights.engine import Engine
from services.rights.inquiries import Inquiries
from services.rights.peers import Ledger, Publisher, Register
from services.rights.servicer import Rights
from services.rights.statuses_servicer import StatusesServicer
from services.rights.store import Store
from services.rights.supplier import Supplier
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
    rights = Engine(rules, store, Register(channels, Period(rules.since, date.max)))
    telling = outbox.Worker(
        engine,
        settings.database_url,
        {"publish": Publisher(channels, store).publish, "ledger": Ledger(channels).append},
    )
    server = Server(settings)
    kept, asking = WaiverStore(engine), Inquiries(channels)
    server.mount(rights_pb2_grpc.add_RightsServicer_to_server, Rights(rules, store, kept, asking))
    server.mount(statuses_pb2_grpc.add_StatusesServicer_to_server, StatusesServicer(rules, asking))
    server.mount(
        certificates_pb2_grpc.add_CertificatesServicer_to_server,
        CertificatesServicer(rules, store, CertificateStore(engine), asking),
    )
    server.mount(
        waivers_pb2_grpc.add_WaiversServicer_to_server,
        WaiversServicer(rules, store, kept, asking),
    )
    server.mount(supplier_pb2_grpc.add_SupplierServicer_to_server, Supplier(rules, store, kept))
    server.depends_on("database", lambda: database.is_reachable(engine))
    await server.run(Reader(channels, rules, rights).run(), Sweeper(rights).run(), telling.run())
    await channels.close()
    await engine.dispose()


if __name__ == "__main__":
    process.run(main, HERE / "texts.yaml")
