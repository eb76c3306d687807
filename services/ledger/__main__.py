"""The ledger as a process."""

from __future__ import annotations

from pathlib import Path

from crossroads.ledger.v1 import ledger_pb2_grpc

from mesh import database, process, signing_key
from mesh.notes import Signer
from mesh.server import Server
from mesh.settings import Settings
from services.ledger.checkpoint import ORIGIN
from services.ledger.door import Doorkeeper
from services.ledger.servicer import Ledger
from services.ledger.store import Store
from services.ledger.writer import Writer

HERE = Path(__file__).parent


async def main(settings: Settings) -> None:
    if settings.migrate:
        await database.migrate(settings.database_url, HERE / "migrations")
    engine = database.engine(settings.database_url, settings.database_pool)
    store = Store(engine)
    origin = f"{ORIGIN}/{settings.hub}" if settings.hub else ORIGIN
    key = f"{settings.hub}-ledger.key" if settings.hub else "ledger.key"
    signer = Signer(origin, signing_key.load(settings.state / key))
    ledger = Ledger(store, Writer(store), signer)
    server = Server(settings, Doorkeeper(ledger))
    server.mount(ledger_pb2_grpc.add_LedgerServicer_to_server, ledger)
    server.depends_on("database", lambda: database.is_reachable(engine))
    await server.run()
    await engine.dispose()


if __name__ == "__main__":
    process.run(main, HERE / "texts.yaml")
