"""A client that keeps so many calls under way, in a process of its own."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

import grpc

from bench import generator
from bench.latencies import quantile_ms

Say: TypeAlias = "grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]"
TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Load:
    """What to call, with what, how often, by how many callers at once, and for how long at most.

    `requests` are messages in hexadecimal, taken in turn: where none may be sent twice there
    are a tenth more than `calls`, for the warm-up.
    """

    address: str
    server_name: str
    tls: str
    method: str
    requests: list[str]
    callers: int
    calls: int
    pause_s: float = 0.0
    most_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of it; latencies in milliseconds."""

    per_s: float
    p50_ms: float
    p99_ms: float
    failed: int

    def whole(self) -> Measured:
        """The same. Raises ChildProcessError where a call failed."""
        if self.failed:
            raise ChildProcessError(f"{self.failed} calls failed under load")
        return self


async def apply(load: Load) -> Measured:
    """Warm up with a tenth of the calls, or of the time; then measure."""
    async with generator.channel(load.address, load.server_name, load.tls) as channel:
        call: Say = channel.unary_unary(load.method)
        requests = itertools.cycle([bytes.fromhex(text) for text in load.requests])
        await _run(call, requests, load, warm_up(load.calls, load.callers), load.most_s / 10)
        began = time.perf_counter()
        took, failed = await _run(call, requests, load, load.calls, load.most_s)
        lasted = time.perf_counter() - began
    took.sort()
    return Measured(
        per_s=len(took) / lasted,
        p50_ms=quantile_ms(took, 0.5),
        p99_ms=quantile_ms(took, 0.99),
        failed=failed,
    )


def warm_up(calls: int, callers: int) -> int:
    """How many calls are made at most before those that count."""
    return max(calls // 10, callers)


async def _run(
    call: Say, requests: Iterator[bytes], load: Load, calls: int, most_s: float
) -> tuple[list[float], int]:
    took: list[float] = []
    failed = 0
    left = iter(range(calls))
    until = time.perf_counter() + most_s

    async def caller() -> None:
        nonlocal failed
        for _ in left:
            began = time.perf_counter()
            if began > until:
                break
            try:
                await call(next(requests), timeout=TIMEOUT_S)
            except grpc.aio.AioRpcError:
                failed += 1
            else:
                took.append(time.perf_counter() - began)
            if load.pause_s:
                await asyncio.sleep(load.pause_s)

    await asyncio.gather(*(caller() for _ in range(load.callers)))
    return took, failed


async def measure(load: Load) -> Measured:
    """Apply a load from another process."""
    return Measured(**await generator.ask("bench.load", asdict(load)))


async def _answer(question: Any) -> Any:
    return asdict(await apply(Load(**question)))


if __name__ == "__main__":
    generator.answer(_answer)
