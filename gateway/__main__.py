"""The gateway's process: settings, wiring by hand, serve."""

from __future__ import annotations

from pathlib import Path

import structlog

from gateway import peers
from gateway.door import DoorBook
from gateway.exchange import Exchange
from gateway.https import Server
from gateway.lots import declared
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
    declarations, quarters = Declarations(channels), Quarters(channels)
    door = DoorBook(Ledger(channels))
    web = Web(
        certificates,
        Exchange(Router(channels), Repertory(channels)),
        declarations,
        Personnel(channels),
        quarters,
        door,
        lambda: peers.all_serve(channels),
    )
    server = Server(settings, certificates, web.application())
    LOG.info("serves", port=server.port)
    watches = []
    if settings.lots:
        kinds = declared.files(declarations, quarters)
        watches.append(Watch(settings.lots, certificates, kinds, door).run())
    await server.run(*watches)
    await channels.close()
    LOG.info("stopped")


if __name__ == "__main__":
    process.run(main, Path(__file__).with_name("texts.yaml"))
