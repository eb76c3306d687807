"""The gateway's process: settings, wiring by hand, serve."""

from __future__ import annotations

from pathlib import Path

import structlog

from gateway import peers
from gateway.door import DoorBook
from gateway.exchange import Exchange
from gateway.https import Server
from gateway.lots.watch import Watch
from gateway.peers import Declarations, Ledger, Personnel, Quarters, Repertory, Router
from gateway.web import Web
from mesh import contracts, process
from mesh.certificates import Certificates
from mesh.channels import Channels
from mesh.settings import Settings

LOG = structlog.get_logger()


async def main(settings: Settings) -> None:
    contracts.check()
    certificates, channels = Certificates(settings.tls), Channels(settings)
    declarations, door = Declarations(channels), DoorBook(Ledger(channels))
    web = Web(
        certificates,
        Exchange(Router(channels), Repertory(channels)),
        declarations,
        Personnel(channels),
        Quarters(channels),
        door,
        lambda: peers.all_serve(channels),
    )
    server = Server(settings, certificates, web.application())
    LOG.info("serves", port=server.port)
    lots = settings.lots
    await server.run(*([Watch(lots, certificates, declarations, door).run()] if lots else []))
    await channels.close()
    LOG.info("stopped")


if __name__ == "__main__":
    process.run(main, Path(__file__).with_name("texts.yaml"))
