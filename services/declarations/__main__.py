"""The process `python -m services.declarations`."""

from __future__ import annotations

from pathlib import Path

from crossroads.declarations.v1 import (
    declarations_pb2_grpc,
    dmfa_pb2_grpc,
    mandates_pb2_grpc,
    periods_pb2_grpc,
    personnel_pb2_grpc,
    risks_pb2_grpc,
    set_aside_pb2_grpc,
)
from crossroads.router.v1 import supplier_pb2_grpc

from mesh import database, outbox, process
from mesh.channels import Channels
from mesh.server import Server
from mesh.settings import Settings
from services.declarations import employers
from services.declarations.courtesy import Courtesy
from services.declarations.dimona.servicer import Servicer as Periods
from services.declarations.dmfa.servicer import Servicer as Quarters
from services.declarations.dmfa.telling import Telling as QuarterTelling
from services.declarations.dmfa.worker import Worker as QuarterWorker
from services.declarations.handled import Handled
from services.declarations.mailbox import Numbers, Reader
from services.declarations.mandates.servicer import Servicer as Mandates
from services.declarations.peers import Ledger, Repertory, Router
from services.declarations.personnel.servicer import Servicer as Personnel
from services.declarations.risks import peers as risks_peers
from services.declarations.risks.quarters import DmfaQuarters
from services.declarations.risks.servicer import Servicer as RisksServicer
from services.declarations.risks.supply import Supply
from services.declarations.risks.worker import Worker as RisksWorker
from services.declarations.servicer import Servicer
from services.declarations.set_aside.servicer import Servicer as SetAside
from services.declarations.store import Store
from services.declarations.supplier import Supplier
from services.declarations.telling import Telling
from services.declarations.worker import Worker

HERE = Path(__file__).parent


async def main(settings: Settings) -> None:
    url = settings.database_url
    if settings.migrate:
        await database.migrate(url, HERE / "migrations")
    engine = database.engine(url, settings.database_pool)
    async with engine.begin() as connection:
        await Store(connection).know(employers.read(HERE / "employers.yaml"))
    channels = Channels(settings)
    repertory = Repertory(channels)
    router = Router(channels)
    telling = Telling(repertory, router, Ledger(channels))
    attesting = QuarterTelling(repertory, router)
    handled, courtesy = Handled(url), Courtesy()
    quarters = DmfaQuarters()
    server = Server(settings)
    server.mount(
        declarations_pb2_grpc.add_DeclarationsServicer_to_server,
        Servicer(engine, handled, courtesy),
    )
    server.mount(personnel_pb2_grpc.add_PersonnelServicer_to_server, Personnel(engine))
    server.mount(mandates_pb2_grpc.add_MandatesServicer_to_server, Mandates(engine))
    server.mount(periods_pb2_grpc.add_PeriodsServicer_to_server, Periods(engine))
    server.mount(dmfa_pb2_grpc.add_DmfaServicer_to_server, Quarters(engine, handled))
    server.mount(
        risks_pb2_grpc.add_RisksServicer_to_server, RisksServicer(engine, handled, Supply(quarters))
    )
    server.mount(set_aside_pb2_grpc.add_SetAsideServicer_to_server, SetAside(engine))
    server.mount(supplier_pb2_grpc.add_SupplierServicer_to_server, Supplier(engine))
    server.depends_on("database", lambda: database.is_reachable(engine))
    await server.run(
        Worker(engine, url, repertory, courtesy).run(),
        QuarterWorker(engine, url, repertory).run(),
        RisksWorker(engine, url, risks_peers.Repertory(channels), quarters).run(),
        outbox.Worker(engine, url, {**telling.handlers, **attesting.handlers}).run(),
        handled.run(),
        Reader(channels, Numbers(engine)).run(),
    )
    await channels.close()
    await engine.dispose()


if __name__ == "__main__":
    process.run(main, HERE / "texts.yaml")
