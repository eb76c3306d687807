"""A sender of mutations and the reader of one mailbox, in a process of their own.

The reader is a stream that stays open and acknowledges what it gets, as an institution's is.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import grpc
from crossroads.router.v1 import exchange_pb2, exchange_pb2_grpc, mailbox_pb2, mailbox_pb2_grpc

from bench import arrivals, generator
from bench.latencies import quantile_ms
from mesh import announcements
from mesh.announcements import Announcement
from mesh.refusals import Refusal

IN_FLIGHT = 1000
PATIENCE_S = 15.0
"""How long what was published may take to arrive once the last was sent."""


@dataclass(frozen=True, slots=True)
class Post:
    """What is published, and by whom and to whom.

    `requests` are PublishRequests in hexadecimal, each sent once. With `per_s` they are sent by
    schedule; with 0 they are sent by `callers` that each wait for their receipts, of as many
    mutations in a call as `batch` says (1: by Publish).
    """

    address: str
    sender_tls: str
    reader_tls: str
    requests: list[str]
    callers: int = 64
    per_s: float = 0.0
    batch: int = 1


@dataclass(frozen=True, slots=True)
class Posted:
    """What came of it; latencies in milliseconds, from when a mutation was due.

    `receipts_per_s` counts until the last receipt, `delivered_per_s` until the reader had the
    last. `missing` had not come when patience ended, `failed` got no receipt. `tickets` are some
    of those delivered.
    """

    receipts_per_s: float
    delivered_per_s: float
    delivered_p50_ms: float
    delivered_p99_ms: float
    missing: int
    failed: int
    tickets: list[str]


class Mailbox:
    """The reader: when each ticket first came."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stream: Any = mailbox_pb2_grpc.MailboxStub(channel).Receive()
        self._news = asyncio.Event()
        self.came: dict[str, float] = {}

    async def open(self) -> None:
        await self._stream.write(mailbox_pb2.ReceiveRequest(most_in_flight=IN_FLIGHT, several=True))

    async def read(self) -> None:
        """Until it is cancelled."""
        while isinstance(response := await self._stream.read(), mailbox_pb2.ReceiveResponse):
            now = time.perf_counter()
            for delivery in response.deliveries:
                self.came.setdefault(delivery.ticket, now)
            self._news.set()
            await self._stream.write(
                mailbox_pb2.ReceiveRequest(acknowledged=response.deliveries[-1].position)
            )

    async def until_came(self, tickets: Collection[str]) -> None:
        while set(tickets) - self.came.keys():
            self._news.clear()
            await self._news.wait()


class Sender:
    """When each ticket was due; each request is sent once."""

    def __init__(self, channel: grpc.aio.Channel, requests: list[str]) -> None:
        self._stub = exchange_pb2_grpc.ExchangeStub(channel)
        self._requests: Iterator[str] = iter(requests)
        self.due: dict[str, float] = {}
        self.failed = 0

    async def send(self, due: float) -> None:
        """Publish the next mutation, which was due at that moment."""
        await self._publish(next(self._requests), due)

    async def send_all(self, batch: int) -> None:
        """Publish one after another, each due when those before have their receipts."""
        while requests := list(itertools.islice(self._requests, batch)):
            if batch == 1:
                await self._publish(requests[0], time.perf_counter())
            else:
                await self._publish_all(requests, time.perf_counter())

    async def _publish(self, request: str, due: float) -> None:
        try:
            receipt = await self._stub.Publish(
                exchange_pb2.PublishRequest.FromString(bytes.fromhex(request)), timeout=PATIENCE_S
            )
        except grpc.aio.AioRpcError:
            self.failed += 1
        else:
            self.due[receipt.ticket] = due

    async def _publish_all(self, requests: list[str], due: float) -> None:
        read = [exchange_pb2.PublishRequest.FromString(bytes.fromhex(one)) for one in requests]
        (batch,) = announcements.batches([Announcement(one) for one in read])
        try:
            answer = await self._stub.BatchPublish(batch, timeout=PATIENCE_S)
        except grpc.aio.AioRpcError:
            self.failed += len(requests)
            return
        for outcome in announcements.outcomes(answer):
            if isinstance(outcome, Refusal):
                self.failed += 1
            else:
                self.due[outcome.ticket] = due


async def deliver(post: Post) -> Posted:
    """Publish everything, and wait until the reader has it."""
    async with (
        generator.channel(post.address, "router", post.sender_tls) as sending,
        generator.channel(post.address, "router", post.reader_tls) as reading,
    ):
        mailbox, sender = Mailbox(reading), Sender(sending, post.requests)
        await mailbox.open()
        reader = asyncio.create_task(mailbox.read())
        began = time.perf_counter()
        if post.per_s:
            lasts_s = len(post.requests) / post.per_s
            await arrivals.keep_to(arrivals.due(began, post.per_s, lasts_s), sender.send)
        else:
            await asyncio.gather(*(sender.send_all(post.batch) for _ in range(post.callers)))
        receipted = time.perf_counter()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(mailbox.until_came(sender.due), PATIENCE_S)
        reader.cancel()
    return _summed_up(sender, mailbox.came, began, receipted)


def _summed_up(sender: Sender, came: dict[str, float], began: float, receipted: float) -> Posted:
    due = sender.due
    delivered = [ticket for ticket in due if ticket in came]
    took = sorted(came[ticket] - due[ticket] for ticket in delivered)
    last = max((came[ticket] for ticket in delivered), default=receipted)
    return Posted(
        receipts_per_s=len(due) / (receipted - began),
        delivered_per_s=len(delivered) / (last - began),
        delivered_p50_ms=quantile_ms(took, 0.5),
        delivered_p99_ms=quantile_ms(took, 0.99),
        missing=len(due) - len(delivered),
        failed=sender.failed,
        tickets=list(itertools.islice(delivered, 20)),
    )


async def send(post: Post) -> Posted:
    """Deliver from another process."""
    return Posted(**await generator.ask("bench.post", asdict(post)))


async def _answer(question: Any) -> Any:
    return asdict(await deliver(Post(**question)))


if __name__ == "__main__":
    generator.answer(_answer)
