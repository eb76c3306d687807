"""A gateway with real TLS, whose peers cannot be reached; and the texts that it knows."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import gateway
from console.authority import Authority
from gateway import https, peers
from gateway.door import DoorBook
from gateway.exchange import Exchange
from gateway.peers import Declarations, Ledger, Personnel, Quarters, Repertory, Router
from gateway.web import Web
from mesh import refusals
from mesh.certificates import Certificates
from mesh.channels import Channels
from mesh.settings import Settings

UNREACHABLE = "127.0.0.1:1"


@pytest.fixture(scope="session", autouse=True)
def texts() -> None:
    refusals.load(Path(gateway.__file__).with_name("texts.yaml"))


@pytest.fixture(scope="session")
async def alone(authority: Authority) -> AsyncIterator[str]:
    """The address of a gateway without peers."""
    place = authority.issue("service/gateway", names=["gateway"])
    unreachable = dict.fromkeys(("router", "declarations", "repertory", "ledger"), UNREACHABLE)
    settings = Settings(name="gateway", tls=place, peers=unreachable)
    certificates, channels = Certificates(place), Channels(settings)
    web = Web(
        certificates,
        Exchange(Router(channels), Repertory(channels)),
        Declarations(channels),
        Personnel(channels),
        Quarters(channels),
        DoorBook(Ledger(channels)),
        lambda: peers.all_serve(channels),
    )
    server = https.Server(settings, certificates, web.application())
    serving = asyncio.create_task(server.run())
    yield f"https://localhost:{server.port}"
    server.stop()
    await serving
    await channels.close()


def presenting(place: Path, trusting: Path) -> ssl.SSLContext:
    """TLS of a client that presents the certificate in `place`."""
    context = ssl.create_default_context(cafile=str(trusting))
    context.load_cert_chain(place / "cert.pem", place / "key.pem")
    return context
