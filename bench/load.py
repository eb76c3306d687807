"""A client that calls one method a bounded number of times, in a process of its own."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeAlias

import grpc
import uvloop

Say: TypeAlias = "grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]"


@dataclass(frozen=True, slots=True)
class Load:
    """What to call, with what, how often, and by how many callers at once.

    `requests` are messages in hexadecimal; callers take them in turn.
    """

    address: str
    server_name: str
    tls: str
    method: str
    requests: list[str]
    callers: int
    calls: int
    pause_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of it; latencies in milliseconds."""

    per_s: float
    p50_ms: float
    p99_ms: float
    failed: int


async def apply(load: Load) -> Measured:
    """Warm up with a tenth of the calls, then measure."""
    folder = Path(load.tls)
    authority, key, certificate = (
        (folder / name).read_bytes() for name in ("ca.pem", "key.pem", "cert.pem")
    )
    channel = grpc.aio.secure_channel(
        load.address,
        grpc.ssl_channel_credentials(authority, key, certificate),
        options=[("grpc.ssl_target_name_override", load.server_name)],
    )
    async with channel:
        call: Say = channel.unary_unary(load.method)
        requests = [bytes.fromhex(text) for text in load.requests]
        await _run(call, requests, load.callers, max(load.calls // 10, load.callers), load.pause_s)
        began = time.perf_counter()
        took, failed = await _run(call, requests, load.callers, load.calls, load.pause_s)
        lasted = time.perf_counter() - began
    took.sort()
    return Measured(
        per_s=len(took) / lasted,
        p50_ms=_quantile(took, 0.5) * 1000,
        p99_ms=_quantile(took, 0.99) * 1000,
        failed=failed,
    )


def _quantile(ordered: list[float], share: float) -> float:
    """0 where nothing was measured."""
    return ordered[int(len(ordered) * share)] if ordered else 0.0


async def _run(
    call: Say,
    requests: list[bytes],
    callers: int,
    calls: int,
    pause_s: float,
) -> tuple[list[float], int]:
    took: list[float] = []
    failed = 0
    left = iter(range(calls))

    async def caller() -> None:
        nonlocal failed
        for number in left:
            began = time.perf_counter()
            try:
                await call(requests[number % len(requests)], timeout=30.0)
            except grpc.aio.AioRpcError:
                failed += 1
            else:
                took.append(time.perf_counter() - began)
            if pause_s:
                await asyncio.sleep(pause_s)

    await asyncio.gather(*(caller() for _ in range(callers)))
    return took, failed


async def measure(load: Load) -> Measured:
    """Apply a load from another process."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.load",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    answer, _ = await process.communicate(json.dumps(asdict(load)).encode())
    if process.returncode:
        raise ChildProcessError(f"the load generator ended with {process.returncode}")
    return Measured(**json.loads(answer))


if __name__ == "__main__":
    wanted = Load(**json.loads(sys.stdin.read()))
    sys.stdout.write(json.dumps(asdict(uvloop.run(apply(wanted)))))
