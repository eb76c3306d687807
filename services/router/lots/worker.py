"""Working on lots: chunk by chunk, each person asked about as if by Consult, and answered once."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

import grpc
import structlog
from crossroads.router.v1 import exchange_pb2
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from mesh import clock, database, telemetry
from mesh.identity import Caller
from mesh.refusals import Refusal
from services.router import refusals
from services.router.failure import failure
from services.router.lots import wire
from services.router.lots.domain import Chunk, Reply
from services.router.lots.store import SUBMITTED, LotStore
from services.router.policy_follower import PolicyFollower

LOG = structlog.get_logger()
IN_FLIGHT = 16
"""Consultations of lots under way at once: the rest of the process is for who waits online."""
FIRST_WAIT_S = 0.1
MOST_WAIT_S = 5.0
SWEEP_EVERY_S = 60.0
Consult = Callable[[exchange_pb2.ConsultRequest, Caller], Awaitable[exchange_pb2.ConsultResponse]]


class LotWork:
    """Works on lots. Several processes share the work; each chunk is in one hand at a time."""

    def __init__(self, store: LotStore, follower: PolicyFollower, consult: Consult) -> None:
        self._store = store
        self._follower = follower
        self._consult = consult

    async def run(self, url: str) -> None:
        """Work whenever there is a lot, for ever."""
        async for _ in database.listen(url, SUBMITTED):
            wait, done = FIRST_WAIT_S, False
            while not done:
                try:
                    done = not await self.work()
                    wait = FIRST_WAIT_S
                except (Refusal, DBAPIError, PoolTimeout) as error:
                    reason = error.reason if isinstance(error, Refusal) else type(error).__name__
                    LOG.warning("lots wait", reason=reason, wait_s=wait)
                    await asyncio.sleep(wait)
                    wait = min(wait * 2, MOST_WAIT_S)

    async def sweep(self) -> None:
        """Delete lots whose time is over, for ever."""
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            try:
                while swept := await self._store.sweep(clock.now()):
                    LOG.info("lots deleted", count=swept)
            except (DBAPIError, PoolTimeout) as error:
                LOG.warning("lots are not deleted; again later", error=type(error).__name__)

    async def work(self) -> bool:
        """Work on one chunk; whether there was any. Raises UNAVAILABLE where nothing could be done.

        Replies and progress are one transaction. When the process dies before it, the persons
        are asked about again, with tickets of their own: what was decided stays written.
        """
        policy = self._follower.policy
        async with self._store.working(clock.now()) as (connection, chunk):
            if chunk is None:
                return False
            try:
                refusals.check_certificate(chunk.caller, policy)
            except Refusal as refusal:
                await self._store.stop(connection, chunk, refusal.reason, clock.now())
                return True
            replies, waits_for = await self._ask_about(chunk)
            await self._store.record(connection, chunk, replies, waits_for, clock.now())
        if waits_for and not replies:
            raise Refusal(grpc.StatusCode.UNAVAILABLE, waits_for)
        return True

    async def _ask_about(self, chunk: Chunk) -> tuple[list[Reply], str]:
        """The replies, and for what the others wait; nobody more is asked about once one waits."""
        question = exchange_pb2.LotQuestion.FromString(chunk.question)
        left, replies, waits_for = deque(chunk.ssins), list[Reply](), ""

        async def ask() -> None:
            nonlocal waits_for
            while left and not waits_for:
                ssin = left.popleft()
                try:
                    with telemetry.span(
                        "consult of a lot", links=[chunk.traceparent], crossroads__lot=chunk.lot
                    ):
                        answer = await self._consult(
                            wire.consultation(question, ssin), chunk.caller
                        )
                    replies.append(wire.answered(ssin, answer))
                except Exception as error:  # noqa: BLE001 - a person's error is that person's reply
                    failed = failure(error)
                    if failed.passing:
                        waits_for = failed.reason
                    else:
                        replies.append(wire.failed(ssin, failed))

        async with asyncio.TaskGroup() as asking:
            for _ in range(min(IN_FLIGHT, len(left))):
                asking.create_task(ask())
        return replies, waits_for
