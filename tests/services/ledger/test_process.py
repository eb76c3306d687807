"""The ledger as a process: what it has acknowledged outlives its sudden death."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import grpc
import pytest
from crossroads.ledger.v1 import ledger_pb2, ledger_pb2_grpc

from console.authority import Authority
from console.state import PROJECT
from mesh.channels import Channels
from mesh.notes import parse_key
from mesh.settings import Settings
from services.ledger import verifier

DEATHS = 2
Make = Callable[..., ledger_pb2.Entry]
Start = Callable[[dict[str, str]], Awaitable[Process]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Starts ledgers, none of which outlives the test."""
    started: list[Process] = []

    async def one(environment: dict[str, str]) -> Process:
        started.append(
            await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "services.ledger"), cwd=PROJECT, env=environment
            )
        )
        return started[-1]

    yield one
    for process in started:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_what_was_acknowledged_survives_kill_9(
    database: str, authority: Authority, tmp_path: Path, entry: Make, start: Start
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("CROSSROADS_")},
        "CROSSROADS_NAME": "ledger",
        "CROSSROADS_LISTEN": address,
        "CROSSROADS_TLS": str(authority.issue("service/ledger", names=("ledger",))),
        "CROSSROADS_DATABASE_URL": database,
        "CROSSROADS_STATE": str(tmp_path),
        "CROSSROADS_MOST_CALLS": "1000",
    }
    router = Channels(
        Settings(name="router", tls=authority.issue("service/router"), state=tmp_path)
    )
    stub = ledger_pb2_grpc.LedgerStub(router.open(address, "ledger"))
    acknowledged: dict[str, int] = {}
    for death in range(DEATHS + 1):
        process = await start(environment)
        await _wait_until_it_serves(stub)
        numbers = range(death * 1000, death * 1000 + 300)
        writing = [asyncio.create_task(_append(stub, entry(n), acknowledged)) for n in numbers]
        if death < DEATHS:
            while len(acknowledged) < 20 * (death + 1):
                await asyncio.sleep(0.001)
            process.send_signal(signal.SIGKILL)
        await asyncio.gather(*writing)
        if death < DEATHS:
            await process.wait()
    auditor = Channels(
        Settings(name="auditor", tls=authority.issue("auditor/privacy"), state=tmp_path)
    )
    export = ledger_pb2_grpc.LedgerStub(auditor.open(address, "ledger")).Export(
        ledger_pb2.ExportRequest()
    )
    messages = [message async for message in export]
    report = verifier.verify(messages, parse_key(messages[-1].verifier_key))
    assert report.holds
    assert {name: report.entry_ids.index(name) for name in acknowledged} == acknowledged
    assert set(acknowledged) >= {entry(n).entry_id for n in numbers}
    await router.close()
    await auditor.close()
    process.terminate()
    assert await process.wait() == 0


async def _append(
    stub: ledger_pb2_grpc.LedgerStub, one: ledger_pb2.Entry, acknowledged: dict[str, int]
) -> None:
    try:
        answer = await stub.Append(ledger_pb2.AppendRequest(entries=[one]), timeout=20)
    except grpc.aio.AioRpcError:
        return
    acknowledged[one.entry_id] = answer.leaves[0].index


async def _wait_until_it_serves(stub: ledger_pb2_grpc.LedgerStub) -> None:
    for _ in range(600):
        try:
            await stub.GetCheckpoint(ledger_pb2.GetCheckpointRequest(), timeout=5)
        except grpc.aio.AioRpcError:
            await asyncio.sleep(0.05)
        else:
            return
    raise AssertionError("the ledger does not serve")
