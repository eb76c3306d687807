"""The rpcs of the mailbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
from crossroads.router.v1 import mailbox_pb2, mailbox_pb2_grpc
from crossroads.types.v1 import types_pb2

from mesh import call, database, institutions
from mesh.identity import Caller
from mesh.institutions import Institution
from mesh.refusals import Refusal
from services.router import refusals
from services.router.domain import Policy
from services.router.policy_follower import PolicyFollower
from services.router.store import DELIVERED, Store

PAGE = 100
IN_FLIGHT = 100


class Bell:
    """Wakes every open mailbox of this process when something was delivered."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Event] = set()

    async def run(self, url: str) -> None:
        async for _ in database.listen(url, DELIVERED):
            for event in self._waiting:
                event.set()

    def hang(self, event: asyncio.Event) -> None:
        self._waiting.add(event)

    def take_down(self, event: asyncio.Event) -> None:
        self._waiting.discard(event)


class MailboxServicer(mailbox_pb2_grpc.MailboxServicer):
    """Reading mailboxes."""

    def __init__(self, store: Store, follower: PolicyFollower, bell: Bell) -> None:
        self._store = store
        self._follower = follower
        self._bell = bell

    async def Receive(
        self, request_iterator: AsyncIterator[mailbox_pb2.ReceiveRequest], context: Any
    ) -> AsyncIterator[mailbox_pb2.ReceiveResponse]:
        opening = await anext(request_iterator, None)
        if opening is None:
            raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, "MAILBOX_NOT_OPENED")
        mailbox = self._mailbox(opening if opening.HasField("institution") else None)
        if opening.acknowledged:
            await self._store.acknowledge(mailbox, opening.acknowledged)
        reader = Reader(
            self._store,
            mailbox,
            await self._store.acknowledged(mailbox),
            opening.most_in_flight or IN_FLIGHT,
        )
        self._bell.hang(reader.wake)
        listening = asyncio.create_task(reader.listen(request_iterator))
        try:
            async for delivery in reader.deliveries():
                yield mailbox_pb2.ReceiveResponse(delivery=delivery)
        finally:
            self._bell.take_down(reader.wake)
            listening.cancel()

    async def ListDeliveries(
        self, request: mailbox_pb2.ListDeliveriesRequest, context: Any
    ) -> mailbox_pb2.ListDeliveriesResponse:
        mailbox = self._mailbox(request if request.HasField("institution") else None)
        found = await self._store.deliveries(
            mailbox, request.after_position, request.page_size or PAGE
        )
        return mailbox_pb2.ListDeliveriesResponse(
            deliveries=[mailbox_pb2.Delivery.FromString(delivery) for delivery in found],
            acknowledged=await self._store.acknowledged(mailbox),
        )

    async def Acknowledge(
        self, request: mailbox_pb2.AcknowledgeRequest, context: Any
    ) -> mailbox_pb2.AcknowledgeResponse:
        mailbox = self._mailbox(request if request.HasField("institution") else None)
        return mailbox_pb2.AcknowledgeResponse(
            acknowledged=await self._store.acknowledge(mailbox, request.position)
        )

    def _mailbox(self, named: Any) -> Institution:
        caller, policy = call.caller(), self._follower.policy
        refusals.check_certificate(caller, policy)
        return mailbox_of(caller, policy, named.institution if named is not None else None)


class Reader:
    """One open mailbox: what is sent, and how much of it may be unacknowledged."""

    def __init__(self, store: Store, mailbox: Institution, position: int, in_flight: int) -> None:
        self._store = store
        self._mailbox = mailbox
        self._sent = position
        self._heard = position
        self._acknowledged = position
        self._in_flight = in_flight
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
                if self._heard > self._acknowledged:
                    self._acknowledged = await self._store.acknowledge(self._mailbox, self._heard)
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

    async def deliveries(self) -> AsyncIterator[mailbox_pb2.Delivery]:
        """What is in the mailbox and what comes, never more than may be in flight."""
        while not self._closed:
            await self.wake.wait()
            self.wake.clear()
            while room := max(0, self._in_flight - (self._sent - self._acknowledged)):
                found = await self._store.deliveries(self._mailbox, self._sent, min(room, PAGE))
                for each in found:
                    delivery = mailbox_pb2.Delivery.FromString(each)
                    self._sent = delivery.position
                    yield delivery
                if len(found) < min(room, PAGE):
                    break


def mailbox_of(caller: Caller, policy: Policy, named: types_pb2.Institution | None) -> Institution:
    """The mailbox the caller may read. Raises PERMISSION_DENIED."""
    spoken_for = policy.speakers.get(caller.principal.path, ())
    if named is None and len(spoken_for) == 1:
        return spoken_for[0]
    if named is not None and institutions.from_wire(named) in spoken_for:
        return institutions.from_wire(named)
    raise Refusal(grpc.StatusCode.PERMISSION_DENIED, "NOT_YOUR_MAILBOX")
