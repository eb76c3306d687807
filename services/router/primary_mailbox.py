"""The mailbox of a secondary network at the primary hub, emptied into the network's own."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable
from typing import Any

import grpc
import structlog
from crossroads.attestations.v1 import persons_pb2
from crossroads.router.v1 import mailbox_pb2, mailbox_pb2_grpc
from sqlalchemy.exc import DBAPIError

from mesh import clock, institutions
from mesh.channels import Channels
from mesh.institutions import Institution
from services.router.beyond import PRIMARY
from services.router.mutation import ReceivedMutation
from services.router.peers import Repertory
from services.router.store import Store

LOG = structlog.get_logger()
Stream = Any
FROM_PRIMARY = "service/router"
"""The caller that stands on what came out of the mailbox."""
NEVER = frozenset({grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.INVALID_ARGUMENT})
"""Answers of the register that stay the same however often it is asked."""
FIRST_WAIT_S = 0.2
MOST_WAIT_S = 3.0


class PrimaryMailbox:
    """Takes deliveries in as mutations, then acknowledges them; members are told as always.

    A delivery that comes again is known by its position and taken in once. A primary hub that
    knows nothing of several in a message sends them one by one. Where it says that a number was
    replaced the hub's own register follows first, so that who knows the person is found.
    """

    def __init__(
        self, channels: Channels, stands_for: Institution, store: Store, repertory: Repertory
    ) -> None:
        self._channels = channels
        self._network = stands_for
        self._store = store
        self._repertory = repertory
        self._wait = FIRST_WAIT_S

    async def run(self) -> None:
        """For ever; a mailbox that closes is opened again, from what was acknowledged."""
        while True:
            try:
                await self._read()
            except (grpc.aio.AioRpcError, asyncio.InvalidStateError, DBAPIError) as error:
                LOG.warning("the mailbox at the primary hub closed", error=type(error).__name__)
            await asyncio.sleep(self._wait)
            self._wait = min(self._wait * 2, MOST_WAIT_S)

    async def _read(self) -> None:
        stub = mailbox_pb2_grpc.MailboxStub(self._channels.peer(PRIMARY))
        stream: Stream = stub.Receive()
        try:
            await stream.write(
                mailbox_pb2.ReceiveRequest(
                    institution=institutions.to_wire(self._network), several=True
                )
            )
            while isinstance(response := await stream.read(), mailbox_pb2.ReceiveResponse):
                self._wait = FIRST_WAIT_S
                deliveries = response.deliveries or [response.delivery]
                await self._follow(deliveries)
                await self._store.receive([taken(delivery) for delivery in deliveries])
                await stream.write(mailbox_pb2.ReceiveRequest(acknowledged=deliveries[-1].position))
        finally:
            stream.cancel()

    async def _follow(self, deliveries: Iterable[mailbox_pb2.Delivery]) -> None:
        """What the register cannot follow is told to the members all the same."""
        for delivery in deliveries:
            replaced = persons_pb2.NumberReplaced()
            if not delivery.mutation.attestation.Unpack(replaced):
                continue
            try:
                await self._repertory.replace(replaced, _request_id(delivery))
            except grpc.aio.AioRpcError as error:
                if error.code() not in NEVER:
                    raise
                LOG.error("a number cannot be replaced here", ticket=delivery.ticket)


def taken(delivery: mailbox_pb2.Delivery) -> ReceivedMutation:
    """A delivery as a mutation of this hub, under the ticket it has at the primary one."""
    content = delivery.mutation.SerializeToString(deterministic=True)
    return ReceivedMutation(
        delivery.ticket,
        delivery.mutation.ssin,
        institutions.from_wire(delivery.sender),
        FROM_PRIMARY,
        _request_id(delivery),
        hashlib.sha256(content).digest(),
        content,
        delivery.traceparent,
        clock.now(),
    )


def _request_id(delivery: mailbox_pb2.Delivery) -> str:
    return f"primary-{delivery.position}"
