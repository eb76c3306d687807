"""The worker: reads the engine's own mailbox, and looks again at persons when a year begins."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any

import grpc
import structlog
from crossroads.router.v1 import mailbox_pb2, mailbox_pb2_grpc
from sqlalchemy.exc import SQLAlchemyError

from mesh import institutions, telemetry
from mesh.channels import Channels
from mesh.refusals import Refusal
from services.rights.arrival import Arrival
from services.rights.engine import Engine
from services.rights.facts import intake
from services.rights.law.in_force import Follower
from services.rights.law.rulebook import Rulebook
from services.rights.reevaluation.pages import Reevaluation
from services.rights.wire import ENGINE

LOG = structlog.get_logger()
MOST_IN_FLIGHT = 1000
MOST_TOGETHER = 256
FIRST_WAIT_S = 0.1
MOST_WAIT_S = 5.0
SWEEP_EVERY_S = 600.0
Stream = Any


class Reader(Follower):
    """Takes deliveries in micro-batches: what has come while one was handled goes together."""

    def __init__(self, channels: Channels, rulebook: Rulebook, engine: Engine) -> None:
        self._channels = channels
        self._rulebook = rulebook
        self._engine = engine
        self._wait_s = FIRST_WAIT_S

    async def run(self) -> None:
        """For ever: opens the mailbox again whenever it closes, more slowly each time."""
        while True:
            try:
                await self._read()
            except* (grpc.aio.AioRpcError, Refusal, SQLAlchemyError, ConnectionError) as group:
                LOG.warning(
                    "the mailbox is not read; again soon",
                    why=[_name(error) for error in group.exceptions],
                    wait_s=self._wait_s,
                )
            await asyncio.sleep(self._wait_s)
            self._wait_s = min(self._wait_s * 2, MOST_WAIT_S)

    async def _read(self) -> None:
        """Until the stream breaks or a batch fails; what was not acknowledged comes again."""
        stream = mailbox_pb2_grpc.MailboxStub(self._channels.peer("router")).Receive()
        waiting: asyncio.Queue[mailbox_pb2.Delivery] = asyncio.Queue(MOST_IN_FLIGHT)
        try:
            await stream.write(
                mailbox_pb2.ReceiveRequest(
                    institution=institutions.to_wire(ENGINE),
                    most_in_flight=MOST_IN_FLIGHT,
                    several=True,
                )
            )
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_fill(waiting, stream))
                tasks.create_task(self._drain(waiting, stream))
        finally:
            stream.cancel()

    async def _drain(self, waiting: asyncio.Queue[mailbox_pb2.Delivery], stream: Stream) -> None:
        while True:
            together = [await waiting.get()]
            while len(together) < MOST_TOGETHER and not waiting.empty():
                together.append(waiting.get_nowait())
            await self.handle(together)
            self._wait_s = FIRST_WAIT_S
            await stream.write(mailbox_pb2.ReceiveRequest(acknowledged=together[-1].position))

    async def handle(self, deliveries: list[mailbox_pb2.Delivery]) -> None:
        """Give a micro-batch its effects, in one trace that links to every delivery's own."""
        parents = list(dict.fromkeys(d.traceparent for d in deliveries if d.traceparent))
        with telemetry.span(
            "take in deliveries",
            parent=parents[0] if parents else "",
            links=parents[1:],
            crossroads__batch=len(deliveries),
        ):
            await self._engine.take_in([self._read_one(delivery) for delivery in deliveries])

    def _read_one(self, delivery: mailbox_pb2.Delivery) -> Arrival:
        try:
            return intake.read(delivery, self._rulebook)
        except intake.NotUnderstood as error:
            LOG.error("a delivery is put aside", ticket=delivery.ticket, why=str(error))
            return intake.unread(delivery)


class Sweeper:
    """Applies what is new in the law, and looks again at those whose due date has come."""

    def __init__(self, engine: Engine, reevaluation: Reevaluation) -> None:
        self._engine = engine
        self._reevaluation = reevaluation
        self._awake = asyncio.Event()

    def wake(self) -> None:
        """Look now, and not only when the time has come."""
        self._awake.set()

    async def run(self) -> None:
        while True:
            self._awake.clear()
            await _persist(self._reevaluation.apply_law)
            await _persist(self._sweep)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._awake.wait(), SWEEP_EVERY_S)

    async def _sweep(self) -> None:
        while await self._engine.renew():
            pass


async def _persist(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Until it succeeds, more slowly each time."""
    wait_s = FIRST_WAIT_S
    while True:
        try:
            return await work()
        except (grpc.aio.AioRpcError, Refusal, SQLAlchemyError) as error:
            LOG.warning("the due dates wait; again soon", why=_name(error), wait_s=wait_s)
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, MOST_WAIT_S)


async def _fill(waiting: asyncio.Queue[mailbox_pb2.Delivery], stream: Stream) -> None:
    while True:
        response = await stream.read()
        if response is grpc.aio.EOF:
            raise ConnectionError("the router closed the mailbox")
        for delivery in response.deliveries:
            await waiting.put(delivery)


def _name(error: BaseException) -> str:
    """What went wrong, without the text of the error, which might name a person."""
    if isinstance(error, Refusal):
        return f"{error.reason} {error.metadata.get('why', '')}".strip()
    if isinstance(error, grpc.aio.AioRpcError):
        return error.code().name
    return type(error).__name__
