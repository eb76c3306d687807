"""The reader of one institution's mailbox: it writes deliveries down, then acknowledges them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import grpc
import structlog
from crossroads.router.v1 import mailbox_pb2, mailbox_pb2_grpc

from mesh import institutions, telemetry
from mesh.channels import Channels
from mesh.institutions import Institution
from sandbox.letters import Letters, letter_of

LOG = structlog.get_logger()
Stream = Any
FIRST_WAIT_S = 0.2
MOST_WAIT_S = 3.0


class Reader:
    """Reads for ever; a mailbox that closes is opened again, from what was acknowledged."""

    def __init__(self, institution: str, channels: Channels, letters: Letters) -> None:
        self._institution: Institution = institutions.parse(institution)
        self._channels = channels
        self._letters = letters
        self._wait = FIRST_WAIT_S

    async def run(self) -> None:
        while True:
            try:
                await self._read()
            except (grpc.aio.AioRpcError, asyncio.InvalidStateError) as error:
                LOG.info(
                    "mailbox closed; opened again soon",
                    institution=str(self._institution),
                    error=type(error).__name__,
                )
            await asyncio.sleep(self._wait)
            self._wait = min(self._wait * 2, MOST_WAIT_S)

    async def _read(self) -> None:
        """Until the stream breaks; what was not acknowledged comes again."""
        stream: Stream = mailbox_pb2_grpc.MailboxStub(self._channels.peer("router")).Receive()
        try:
            await stream.write(
                mailbox_pb2.ReceiveRequest(
                    institution=institutions.to_wire(self._institution), several=True
                )
            )
            while isinstance(response := await stream.read(), mailbox_pb2.ReceiveResponse):
                self._wait = FIRST_WAIT_S
                self._keep(response.deliveries)
                await stream.write(
                    mailbox_pb2.ReceiveRequest(acknowledged=response.deliveries[-1].position)
                )
        finally:
            stream.cancel()

    def _keep(self, deliveries: Sequence[mailbox_pb2.Delivery]) -> None:
        """All are safe when it returns; each is seen in its own trace."""
        self._letters.add(*(letter_of(self._institution, delivery) for delivery in deliveries))
        for delivery in deliveries:
            with telemetry.span(
                "read letter",
                parent=delivery.traceparent,
                crossroads__ticket=delivery.ticket,
                crossroads__institution=str(self._institution),
                crossroads__data_sort=delivery.mutation.data_sort,
            ):
                pass
