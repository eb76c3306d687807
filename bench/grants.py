"""An institution that tells what changed, and the supplier that hears which right follows.

In a process of its own, as `post`; what comes is matched by person, since a decision has a
ticket of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

import grpc
from crossroads.attestations.v1 import attestations_pb2
from crossroads.router.v1 import exchange_pb2, exchange_pb2_grpc, mailbox_pb2, mailbox_pb2_grpc

from bench import arrivals, generator
from bench.latencies import quantile_ms
from bench.post import IN_FLIGHT

PATIENCE_S = 60.0
MOST_DECISIONS = 50
TIMEOUT_S = 15.0


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes of a status, each of another person, and who sends and hears.

    `requests` are PublishRequests in hexadecimal, each sent once. With `per_s` they are sent by
    schedule, each by itself; with 0 by `callers`, each `together` of them in one call, who wait
    for the receipts.
    """

    address: str
    sender_tls: str
    supplier_tls: str
    requests: list[str]
    callers: int = 8
    together: int = 64
    per_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Granted:
    """What came of it; latencies in milliseconds, from when a change was due to be told.

    `events_per_s` counts until the supplier had the last; `missing` it had not when patience
    ended, `failed` got no receipt. `decisions` are some of those that it heard of.
    """

    events_per_s: float
    p50_ms: float
    p99_ms: float
    missing: int
    failed: int
    decisions: list[str]


class Supplier:
    """When something first came about each person."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stream: Any = mailbox_pb2_grpc.MailboxStub(channel).Receive()
        self._news = asyncio.Event()
        self.came: dict[str, float] = {}
        self.decisions: list[str] = []

    async def read(self, since: float) -> None:
        """What is decided from now on, until it is cancelled; what was before is passed over."""
        await self._stream.write(mailbox_pb2.ReceiveRequest(most_in_flight=IN_FLIGHT, several=True))
        while isinstance(response := await self._stream.read(), mailbox_pb2.ReceiveResponse):
            for delivery in response.deliveries:
                if time.perf_counter() >= since:
                    self.came.setdefault(delivery.mutation.ssin, time.perf_counter())
                self._keep(delivery)
            self._news.set()
            last = response.deliveries[-1].position
            await self._stream.write(mailbox_pb2.ReceiveRequest(acknowledged=last))

    async def until_came(self, persons: Collection[str]) -> None:
        while set(persons) - self.came.keys():
            self._news.clear()
            await self._news.wait()

    def _keep(self, delivery: mailbox_pb2.Delivery) -> None:
        granted = attestations_pb2.RightGranted()
        if len(self.decisions) < MOST_DECISIONS and delivery.mutation.attestation.Unpack(granted):
            self.decisions.append(granted.decision_id)


async def follow(changes: Changes) -> Granted:
    """Tell everything, and wait until the supplier has heard of everybody."""
    requests = [exchange_pb2.PublishRequest.FromString(bytes.fromhex(r)) for r in changes.requests]
    async with (
        generator.channel(changes.address, "router", changes.sender_tls) as sending,
        generator.channel(changes.address, "router", changes.supplier_tls) as reading,
    ):
        supplier, due = Supplier(reading), dict[str, float]()
        began = time.perf_counter()
        reader = asyncio.create_task(supplier.read(began))
        failed = await _send(exchange_pb2_grpc.ExchangeStub(sending), requests, changes, due)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(supplier.until_came(due), PATIENCE_S)
        reader.cancel()
    return _summed_up(supplier, due, began, failed)


async def _send(
    stub: Any, requests: list[exchange_pb2.PublishRequest], changes: Changes, due: dict[str, float]
) -> int:
    """How many got no receipt; of the others when each was due."""
    left, failed = iter(requests), 0

    async def tell_next(moment: float) -> None:
        nonlocal failed
        request = next(left)
        due[request.mutation.ssin] = moment
        try:
            await stub.Publish(request, timeout=TIMEOUT_S)
        except grpc.aio.AioRpcError:
            del due[request.mutation.ssin]
            failed += 1

    async def tell_all() -> None:
        nonlocal failed
        while batch := list(itertools.islice(left, changes.together)):
            due.update(dict.fromkeys((r.mutation.ssin for r in batch), time.perf_counter()))
            for request in await _announce(stub, batch):
                del due[request.mutation.ssin]
                failed += 1

    if changes.per_s:
        lasts_s = len(requests) / changes.per_s
        moments = arrivals.due(time.perf_counter(), changes.per_s, lasts_s)
        await arrivals.keep_to(moments, tell_next)
    else:
        await asyncio.gather(*(tell_all() for _ in range(changes.callers)))
    return failed


async def _announce(
    stub: Any, requests: list[exchange_pb2.PublishRequest]
) -> list[exchange_pb2.PublishRequest]:
    """Those that got no receipt."""
    told = exchange_pb2.BatchPublishRequest(
        announcements=[exchange_pb2.Announcement(request=request) for request in requests]
    )
    try:
        answer = await stub.BatchPublish(told, timeout=TIMEOUT_S)
    except grpc.aio.AioRpcError:
        return requests
    outcomes = zip(requests, answer.outcomes, strict=True)
    return [request for request, outcome in outcomes if not outcome.HasField("receipt")]


def _summed_up(supplier: Supplier, due: dict[str, float], began: float, failed: int) -> Granted:
    came = [ssin for ssin in due if ssin in supplier.came]
    took = sorted(supplier.came[ssin] - due[ssin] for ssin in came)
    last = max((supplier.came[ssin] for ssin in came), default=time.perf_counter())
    return Granted(
        events_per_s=len(came) / (last - began),
        p50_ms=quantile_ms(took, 0.5),
        p99_ms=quantile_ms(took, 0.99),
        missing=len(due) - len(came),
        failed=failed,
        decisions=supplier.decisions,
    )


async def measure(changes: Changes) -> Granted:
    """Follow from another process."""
    return Granted(**await generator.ask("bench.grants", asdict(changes)))


async def _answer(question: Any) -> Any:
    return asdict(await follow(Changes(**question)))


if __name__ == "__main__":
    generator.answer(_answer)
