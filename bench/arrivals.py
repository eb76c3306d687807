"""Calls that arrive by schedule, whatever has become of those before, in a process of its own.

Latency counts from the moment a call was due: a system that stands still for a second is
charged for every call that would have come in that second, not only for those under way.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import grpc
from google.rpc import error_details_pb2, status_pb2

from bench import generator
from bench.latencies import quantile_ms
from bench.load import Say

DETAILS = "grpc-status-details-bin"
WARM_S = 1.0


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What to call, with what, how many times a second, and for how long.

    `requests` are messages in hexadecimal, taken in turn.
    """

    address: str
    server_name: str
    tls: str
    method: str
    requests: list[str]
    per_s: float
    lasts_s: float
    timeout_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Arrived:
    """What came of it; latencies in milliseconds, of the calls that were answered.

    `sent_per_s` is what the generator achieved; `answered_per_s` counts until the last answer.
    `refused` were told RESOURCE_EXHAUSTED, `told_when` of them with a time to come back, in the
    median `retry_ms`. `failed` is any other end, by status code.
    """

    sent_per_s: float
    answered: int
    answered_per_s: float
    p50_ms: float
    p99_ms: float
    p999_ms: float
    refused: int
    told_when: int
    retry_ms: float
    failed: dict[str, int]

    @property
    def calls(self) -> int:
        return self.answered + self.refused + sum(self.failed.values())


@dataclass(slots=True)
class _Ends:
    """How calls ended, and when the last of them was answered."""

    last: float = 0.0
    took_s: list[float] = field(default_factory=list)
    refused: Counter[bytes] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)


def due(began: float, per_s: float, lasts_s: float) -> Iterator[float]:
    """The moments at which calls are due, evenly spread, the first at `began`."""
    for number in range(round(per_s * lasts_s)):
        yield began + number / per_s


async def keep_to(schedule: Iterator[float], call: Callable[[float], Awaitable[None]]) -> float:
    """Start a call at each moment, or at once where it is late; end when all have ended.

    How long starting them took.
    """
    began = time.perf_counter()
    under_way = set[asyncio.Future[None]]()
    for moment in schedule:
        await asyncio.sleep(max(0.0, moment - time.perf_counter()))
        task = asyncio.ensure_future(call(moment))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    lasted = time.perf_counter() - began
    await asyncio.gather(*under_way)
    return lasted


async def apply(arrivals: Arrivals) -> Arrived:
    """Warm up for a second, then measure."""
    async with generator.channel(arrivals.address, arrivals.server_name, arrivals.tls) as channel:
        call: Say = channel.unary_unary(arrivals.method)
        requests = [bytes.fromhex(text) for text in arrivals.requests]
        await _run(call, requests, arrivals, WARM_S)
        began = time.perf_counter()
        ends, lasted = await _run(call, requests, arrivals, arrivals.lasts_s)
    return _summed_up(ends, round(arrivals.per_s * arrivals.lasts_s) / lasted, began)


async def _run(
    call: Say, requests: list[bytes], arrivals: Arrivals, lasts_s: float
) -> tuple[_Ends, float]:
    ends, turns = _Ends(), itertools.cycle(requests)

    async def one(moment: float) -> None:
        try:
            await call(next(turns), timeout=arrivals.timeout_s)
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED:
                ends.refused[_details(error)] += 1
            else:
                ends.failed[error.code().name] += 1
        else:
            ends.last = time.perf_counter()
            ends.took_s.append(ends.last - moment)

    lasted = await keep_to(due(time.perf_counter(), arrivals.per_s, lasts_s), one)
    return ends, lasted


def _details(error: grpc.aio.AioRpcError) -> bytes:
    trailing = dict(error.trailing_metadata() or ())
    return bytes(trailing.get(DETAILS, b""))


def _summed_up(ends: _Ends, sent_per_s: float, began: float) -> Arrived:
    took = sorted(ends.took_s)
    waits = sorted(
        wait
        for details, count in ends.refused.items()
        for wait in [retry_s(details)] * count
        if wait is not None
    )
    return Arrived(
        sent_per_s=sent_per_s,
        answered=len(took),
        answered_per_s=len(took) / (ends.last - began) if took else 0.0,
        p50_ms=quantile_ms(took, 0.5),
        p99_ms=quantile_ms(took, 0.99),
        p999_ms=quantile_ms(took, 0.999),
        refused=ends.refused.total(),
        told_when=len(waits),
        retry_ms=quantile_ms(waits, 0.5),
        failed=dict(ends.failed),
    )


def retry_s(details: bytes) -> float | None:
    """After how many seconds a rich status says to come back; None where it does not say."""
    retry = error_details_pb2.RetryInfo()
    for detail in status_pb2.Status.FromString(details).details:
        if detail.Unpack(retry):
            return float(retry.retry_delay.ToMilliseconds()) / 1000
    return None


async def measure(arrivals: Arrivals) -> Arrived:
    """Let calls arrive from another process."""
    return Arrived(**await generator.ask("bench.arrivals", asdict(arrivals)))


async def _answer(question: Any) -> Any:
    return asdict(await apply(Arrivals(**question)))


if __name__ == "__main__":
    generator.answer(_answer)
