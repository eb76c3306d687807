"""An open mailbox: what is sent to its reader, and when there is more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from crossroads.router.v1 import mailbox_pb2

from mesh import database
from mesh.institutions import Institution
from services.router import packing
from services.router.mailbox import rows
from services.router.mailbox.rows import DELIVERED
from services.router.mailbox.store import MailboxStore

PAGE = 256
MOST_BYTES = 1 << 20
"""About how much one message carries; a gRPC client takes 4 MiB unless told otherwise."""


class Bell:
    """Wakes the open mailboxes of this process to which something was delivered."""

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Event, str] = {}

    async def run(self, url: str) -> None:
        async for names in database.listen(url, DELIVERED):
            rung = frozenset(names.split(rows.BETWEEN)) if names else None
            for event, name in self._waiting.items():
                if rung is None or name in rung:
                    event.set()

    def hang(self, event: asyncio.Event, mailbox: Institution) -> None:
        self._waiting[event] = str(mailbox)

    def take_down(self, event: asyncio.Event) -> None:
        self._waiting.pop(event, None)


class Reader:
    """One open mailbox: what is sent, and how much of it may be unacknowledged."""

    def __init__(
        self, store: MailboxStore, mailbox: Institution, position: int, in_flight: int
    ) -> None:
        self._store = store
        self._mailbox = mailbox
        self._sent = position
        self._heard = position
        self._confirmed = position
        self._in_flight = in_flight
        self._is_full = False
        self._silent = False
        self._closed = False
        self._news = asyncio.Event()
        self.wake = asyncio.Event()
        self.wake.set()

    async def listen(self, requests: AsyncIterator[mailbox_pb2.ReceiveRequest]) -> None:
        """Write acknowledgements down until the reader closes its side.

        Those that come while one is written are written together.
        """
        hearing = asyncio.create_task(self._hear(requests))
        try:
            while not self._silent or self._news.is_set():
                await self._news.wait()
                self._news.clear()
                if self._heard > self._confirmed:
                    await self._store.acknowledge(self._mailbox, self._heard)
                    self._confirmed = max(self._confirmed, min(self._heard, self._sent))
                    if self._is_full:
                        self.wake.set()
            await hearing
        finally:
            hearing.cancel()
        self._closed = True
        self.wake.set()

    async def _hear(self, requests: AsyncIterator[mailbox_pb2.ReceiveRequest]) -> None:
        try:
            async for request in requests:
                self._heard = max(self._heard, request.acknowledged)
                self._news.set()
        finally:
            self._silent = True
            self._news.set()

    async def deliveries(self) -> AsyncIterator[mailbox_pb2.ReceiveResponse]:
        """What is in the mailbox and what comes, never more than may be in flight.

        Raises NoLongerKept where the reader is so slow that the sweep overtakes it.
        """
        async for found in self._pages():
            for each in found:
                self._sent += 1
                delivery = mailbox_pb2.Delivery.FromString(each)
                yield mailbox_pb2.ReceiveResponse(delivery=delivery)

    async def messages(self) -> AsyncIterator[mailbox_pb2.ReceiveResponse]:
        """The same, several in each message."""
        async for found in self._pages():
            for several in packing.weighed(found, MOST_BYTES):
                self._sent += len(several)
                message = mailbox_pb2.ReceiveResponse()
                for each in several:
                    message.deliveries.add().MergeFromString(each)
                yield message

    async def _pages(self) -> AsyncIterator[list[bytes]]:
        """What may be sent, as often as there is some; all of a page is sent before the next."""
        while not self._closed:
            await self.wake.wait()
            self.wake.clear()
            while room := max(0, min(PAGE, self._in_flight - self._sent + self._confirmed)):
                found = await self._store.deliveries(self._mailbox, self._sent, room)
                if found:
                    yield found
                if len(found) < room:
                    break
            self._is_full = not room
