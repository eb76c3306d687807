"""The mailbox of the NSSO: the network says there that the number of a person was replaced."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import grpc
import structlog
from crossroads.attestations.v1 import persons_pb2
from crossroads.router.v1 import mailbox_pb2, mailbox_pb2_grpc
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from mesh import clock, identification, institutions, telemetry
from mesh.channels import Channels
from services.declarations.dimona.store import Store as Periods
from services.declarations.domain import NSSO
from services.declarations.replacements import Replacements
from services.declarations.set_aside.failures import failure, is_passing

LOG = structlog.get_logger()
REPLACED_NUMBER = "replaced_number"
FIRST_WAIT_S, MOST_WAIT_S = 0.1, 5.0


class Numbers:
    """Follows the numbers that the network says were replaced; nothing else is of use here."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def take_in(self, deliveries: Sequence[mailbox_pb2.Delivery]) -> None:
        """In order; told twice, a number has one effect."""
        for delivery in deliveries:
            if delivery.mutation.data_sort != REPLACED_NUMBER:
                continue
            told = persons_pb2.NumberReplaced()
            if not delivery.mutation.attestation.Unpack(told) or not _is_understood(told):
                LOG.error("a delivery is put aside", ticket=delivery.ticket)
                continue
            with telemetry.span(
                "follow number", parent=delivery.traceparent, crossroads__ticket=delivery.ticket
            ):
                await self._attempt(delivery.ticket, told)

    async def _attempt(self, ticket: str, told: persons_pb2.NumberReplaced) -> None:
        """What fails by itself is put aside, and left to `ReplaceWorker`."""
        try:
            await self._follow(told.old_ssin, told.new_ssin)
        except Exception as error:
            if is_passing(error):
                raise
            LOG.error("a delivery is put aside", ticket=ticket, failure=failure(error))

    async def _follow(self, old: str, new: str) -> None:
        """A number that was itself replaced since leads on; told twice, it has one effect."""
        async with self._engine.begin() as connection:
            replacements = Replacements(connection)
            await Periods(connection).hold({old, new})
            now = await replacements.in_force(new)
            if now != new:
                await Periods(connection).hold({now})
            if now != old:
                await replacements.replace(old, now, clock.now())


class Reader:
    """Reads on from what was acknowledged, which has had its effect."""

    def __init__(self, channels: Channels, numbers: Numbers) -> None:
        self._channels = channels
        self._numbers = numbers
        self._wait_s = FIRST_WAIT_S

    async def run(self) -> None:
        """For ever: opens the mailbox again whenever it closes, more slowly each time."""
        while True:
            try:
                await self._read()
            except (grpc.aio.AioRpcError, SQLAlchemyError, ConnectionError) as error:
                LOG.warning(
                    "the mailbox is not read; again soon",
                    error=type(error).__name__,
                    wait_s=self._wait_s,
                )
            await asyncio.sleep(self._wait_s)
            self._wait_s = min(self._wait_s * 2, MOST_WAIT_S)

    async def _read(self) -> None:
        """Until the stream breaks or a delivery fails; what was not acknowledged comes again."""
        stream = mailbox_pb2_grpc.MailboxStub(self._channels.peer("router")).Receive()
        try:
            nsso = institutions.to_wire(NSSO)
            await stream.write(mailbox_pb2.ReceiveRequest(institution=nsso, several=True))
            async for response in stream:
                await self._numbers.take_in(response.deliveries)
                self._wait_s = FIRST_WAIT_S
                last = max((delivery.position for delivery in response.deliveries), default=0)
                await stream.write(mailbox_pb2.ReceiveRequest(acknowledged=last))
        finally:
            stream.cancel()


def _is_understood(told: persons_pb2.NumberReplaced) -> bool:
    numbers = (told.old_ssin, told.new_ssin)
    return all(n.isascii() and identification.ssin_is_valid(n) for n in numbers)
