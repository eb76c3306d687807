"""The process itself, killed in the middle: what was receipted is completed after a restart."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import pytest
from crossroads.declarations.v1 import declarations_pb2, declarations_pb2_grpc
from crossroads.ledger.v1 import ledger_pb2, ledger_pb2_grpc
from crossroads.repertory.v1 import repertory_pb2, repertory_pb2_grpc
from crossroads.router.v1 import exchange_pb2, exchange_pb2_grpc
from crossroads.types.v1 import types_pb2

from console.authority import Authority
from mesh.channels import Channels
from mesh.refusals import Refusal
from mesh.server import Server
from mesh.settings import Settings

BREWERY, LINA = "0400000185", "91041241894"
PATIENCE_S = 90


@dataclass
class Outside:
    """The other services, as far as this one calls them; each can be down."""

    down: set[str] = field(default_factory=set)
    heard: dict[str, set[str]] = field(default_factory=dict)

    def hear(self, what: str, name: str) -> None:
        if what in self.down:
            raise Refusal(grpc.StatusCode.UNAVAILABLE, "UNAVAILABLE")
        self.heard.setdefault(what, set()).add(name)


class Repertory(repertory_pb2_grpc.RepertoryServicer):
    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    async def BatchLookup(self, request: Any, _: object) -> repertory_pb2.BatchLookupResponse:
        self._outside.hear("lookup", request.ssins[0])
        line = repertory_pb2.Inscription(
            ssin=LINA, institution=types_pb2.Institution(), period=types_pb2.Period()
        )
        person = repertory_pb2.PersonLookup(ssin=LINA, inscriptions=[line])
        return repertory_pb2.BatchLookupResponse(persons=[person])

    async def BatchRegister(self, request: Any, _: object) -> repertory_pb2.BatchRegisterResponse:
        for one in request.requests:
            self._outside.hear("register", one.request_id)
        outcomes = [repertory_pb2.WriteOutcome() for _ in request.requests]
        return repertory_pb2.BatchRegisterResponse(outcomes=outcomes)


class Exchange(exchange_pb2_grpc.ExchangeServicer):
    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    async def BatchPublish(self, request: Any, _: object) -> exchange_pb2.BatchPublishResponse:
        for one in request.announcements:
            self._outside.hear("publish", one.request.request_id)
        receipt = exchange_pb2.PublishResponse(ticket="T" * 15)
        outcomes = [exchange_pb2.PublishOutcome(receipt=receipt) for _ in request.announcements]
        return exchange_pb2.BatchPublishResponse(outcomes=outcomes)


class Ledger(ledger_pb2_grpc.LedgerServicer):
    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    async def Append(self, request: Any, _: object) -> ledger_pb2.AppendResponse:
        for entry in request.entries:
            self._outside.hear("ledger", entry.entry_id)
        return ledger_pb2.AppendResponse()


@pytest.fixture
def outside() -> Outside:
    return Outside()


@pytest.fixture
async def peers(outside: Outside, authority: Authority) -> AsyncIterator[dict[str, str]]:
    tls = authority.issue("service/peers", names=["repertory", "router", "ledger"])
    server = Server(Settings(name="peers", tls=tls, grace_s=0.1))
    server.mount(repertory_pb2_grpc.add_RepertoryServicer_to_server, Repertory(outside))  # type: ignore[abstract] # what is called
    server.mount(exchange_pb2_grpc.add_ExchangeServicer_to_server, Exchange(outside))  # type: ignore[abstract] # what is called
    server.mount(ledger_pb2_grpc.add_LedgerServicer_to_server, Ledger(outside))  # type: ignore[abstract] # what is called
    address = f"127.0.0.1:{await server.start()}"
    yield dict.fromkeys(("repertory", "router", "ledger"), address)
    await server.stop()


class Process:
    """`python -m services.declarations`, which can be killed and started again."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self._environment = environment
        self._log = log
        self._running: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        with self._log.open("ab") as log:
            self._running = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "services.declarations",
                env={**os.environ, **self._environment},
                stdout=log,
                stderr=log,
            )

    async def end(self, by: signal.Signals) -> int:
        assert self._running
        self._running.send_signal(by)
        return await self._running.wait()


@pytest.fixture
def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


@pytest.fixture
async def process(
    database: str,
    peers: dict[str, str],
    authority: Authority,
    tmp_path: Path,
    unused_port: int,
) -> AsyncIterator[Process]:
    tls = authority.issue("service/declarations", names=["declarations"])
    environment = {
        "CROSSROADS_NAME": "declarations",
        "CROSSROADS_LISTEN": f"127.0.0.1:{unused_port}",
        "CROSSROADS_TLS": str(tls),
        "CROSSROADS_DATABASE_URL": database,
        "CROSSROADS_PEERS": json.dumps(peers),
        "CROSSROADS_STATE": str(tmp_path / "state"),
    }
    process = Process(environment, tmp_path / "declarations.log")
    await process.start()
    yield process
    assert await process.end(signal.SIGTERM) == 0
    assert LINA not in (tmp_path / "declarations.log").read_text("utf-8")


@pytest.fixture
async def brewery(
    authority: Authority, unused_port: int
) -> AsyncIterator[declarations_pb2_grpc.DeclarationsStub]:
    channels = Channels(Settings(name="test", tls=authority.issue(f"employer/{BREWERY}")))
    channel = channels.open(f"127.0.0.1:{unused_port}", "declarations")
    yield declarations_pb2_grpc.DeclarationsStub(channel)
    await channels.close()


async def persist(ask: Callable[[], Any]) -> Any:
    """Ask again while the process is away."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                return await ask()
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.UNAVAILABLE:
                    raise
                await asyncio.sleep(0.1)


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not done():
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("down", ["lookup", "publish"])
async def test_killed_before_all_is_told_it_completes_once_started_again(
    process: Process,
    brewery: declarations_pb2_grpc.DeclarationsStub,
    outside: Outside,
    entry: Callable[..., Any],
    down: str,
) -> None:
    outside.down.add(down)
    sent = declarations_pb2.SubmitDimonaRequest(request_id="request-1", form=entry())
    receipt = await persist(lambda: brewery.SubmitDimona(sent))
    ask = declarations_pb2.GetDeclarationRequest(ticket=receipt.ticket, wait_ms=5000)
    if down != "lookup":
        before = await brewery.GetDeclaration(ask, timeout=PATIENCE_S)
        assert before.declaration.state == declarations_pb2.DECLARATION_STATE_ACCEPTED
    await process.end(signal.SIGKILL)
    outside.down.clear()
    await process.start()
    again = await persist(lambda: brewery.SubmitDimona(sent))
    assert again.ticket == receipt.ticket
    after = await persist(lambda: brewery.GetDeclaration(ask, timeout=PATIENCE_S))
    assert after.declaration.state == declarations_pb2.DECLARATION_STATE_ACCEPTED
    await until(lambda: {"publish", "ledger"} <= outside.heard.keys())
    assert outside.heard == {
        "lookup": {LINA},
        "register": {f"{receipt.ticket}-register"},
        "publish": {f"{receipt.ticket}-publish"},
        "ledger": {f"{receipt.ticket}/declaration"},
    }
