"""A process is asked over its own mTLS whether it lives, and whether it can serve."""

import asyncio
import socket

import pytest

from console.authority import Authority
from mesh import probe
from mesh.server import Server
from mesh.settings import Settings


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def settings_of(authority: Authority, name: str) -> Settings:
    tls = authority.issue(f"service/{name}", names=[name])
    return Settings(name=name, listen=f"127.0.0.1:{free_port()}", tls=tls)


async def test_a_process_that_can_serve_is_ready(
    authority: Authority, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_of(authority, "ledger")
    server = Server(settings)
    await server.start()
    await server.look()
    try:
        assert await asyncio.to_thread(probe.main, "ready", settings) == 0
        assert capsys.readouterr().out.endswith("ledger: SERVING\n")
    finally:
        await server.stop()


async def test_a_process_that_cannot_serve_is_alive_and_not_ready(authority: Authority) -> None:
    settings = settings_of(authority, "ledger")
    server = Server(settings)

    async def away() -> bool:
        return False

    server.depends_on("database", away)
    await server.start()
    await server.look()
    try:
        assert await asyncio.to_thread(probe.main, "ready", settings) == 1
        assert await asyncio.to_thread(probe.main, "alive", settings) == 0
    finally:
        await server.stop()


@pytest.mark.parametrize("name", ["ledger", "gateway"])
def test_a_process_that_is_not_there_is_neither(authority: Authority, name: str) -> None:
    settings = settings_of(authority, name)
    assert probe.main("alive", settings) == 1
    assert probe.main("ready", settings) == 1
