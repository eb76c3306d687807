"""Consultations a second and their latency, end to end, against a bare echo in the same run."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench import echo, population
from bench.load import Load, Measured, measure
from bench.results import Measure, against_target
from sandbox.story.stage import Stage

CALLERS = 64
CALLS = 6000
ALONE_CALLS = 300
MODEST_CALLERS = 4
MODEST_CALLS = 600
PAUSE_S = 0.02
P50_TARGET_MS = 15.0
PER_S_TARGET = 1_200.0
CONSULT = "/crossroads.router.v1.Exchange/Consult"


async def run(endpoints: Path) -> list[Measure]:
    """Client, router, repertory, ledger and supplier share the machine, as does the echo."""
    stage = Stage(endpoints)
    await population.settle(stage)
    tls = str(stage.folder(population.CENTRE))
    server_tls = stage.folder("service/sandbox")
    router = stage.address("router")
    await stage.close()
    requests = [q.SerializeToString().hex() for q in population.questions()]

    async def consult(callers: int, calls: int, pause_s: float) -> Measured:
        load = Load(router, "router", tls, CONSULT, requests, callers, calls, pause_s)
        return (await measure(load)).whole()

    alone = await consult(1, ALONE_CALLS, PAUSE_S)
    modest = await consult(MODEST_CALLERS, MODEST_CALLS, PAUSE_S)
    many = await consult(CALLERS, CALLS, 0.0)
    async with _echo(server_tls) as address:
        load = Load(address, "sandbox", tls, echo.METHOD, requests, CALLERS, CALLS)
        bare = (await measure(load)).whole()
    ratio = many.per_s / bare.per_s
    return [
        against_target("consult_p50_ms", alone.p50_ms, "ms", P50_TARGET_MS),
        Measure("consult_p50_at_100_per_s_ms", modest.p50_ms, "ms"),
        against_target("consult_per_s", many.per_s, "1/s", PER_S_TARGET),
        Measure("echo_per_s", bare.per_s, "1/s"),
        Measure("consult_ratio_to_echo", ratio, "", "echo_per_s", ratio),
    ]


@asynccontextmanager
async def _echo(tls: Path) -> AsyncIterator[str]:
    """The address of an echo server that lives as long as the context."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.echo",
        str(tls),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        port = (await process.stdout.readline()).decode().strip()
        yield f"127.0.0.1:{port}"
    finally:
        process.stdin.close()
        await process.wait()
