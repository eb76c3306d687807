"""Distribution: decides who is told of each mutation, writes it down, and fills the mailboxes."""

from __future__ import annotations

import asyncio

import grpc
import structlog
from sqlalchemy.exc import DBAPIError

from mesh import clock, database, telemetry, tickets
from mesh.refusals import Refusal
from services.router import delivery
from services.router.mailbox import rows
from services.router.mailbox.domain import Mode
from services.router.peers import Ledger, Repertory
from services.router.planning import Planner
from services.router.policy_follower import PolicyFollower
from services.router.store import MUTATED, Store

LOG = structlog.get_logger()
MOST = 128
MOST_WAIT_S = 2.0


class Distribution:
    """Delivers what was published, oldest first, each mutation once to each recipient."""

    def __init__(
        self, store: Store, follower: PolicyFollower, repertory: Repertory, ledger: Ledger
    ) -> None:
        self._store = store
        self._follower = follower
        self._repertory = repertory
        self._ledger = ledger

    async def run(self, url: str) -> None:
        """Deliver whenever something was published, for ever."""
        wait = 0.05
        async for _ in database.listen(url, MUTATED):
            done = False
            while not done:
                try:
                    done = not await self.deliver()
                    wait = 0.05
                except (grpc.aio.AioRpcError, Refusal, DBAPIError) as error:
                    LOG.warning("distribution waits", error=type(error).__name__, wait_s=wait)
                    await asyncio.sleep(wait)
                    wait = min(wait * 2, MOST_WAIT_S)

    async def deliver(self) -> bool:
        """Deliver one batch; whether there was any.

        The decisions are in the ledger before the mailboxes hold anything. When the process
        dies in between, they are made again, with leaves of their own: a decision that was
        made stays written even where its delivery was made by a later one.
        """
        async with self._store.distributing(MOST) as (connection, received):
            if not received:
                return False
            policy, at, attempt = self._follower.policy, clock.now(), tickets.new()
            parents = list(dict.fromkeys(m.traceparent for m in received if m.traceparent))
            with telemetry.span(
                "distribute",
                parent=parents[0] if parents else "",
                links=parents[1:],
                crossroads__batch=len(received),
            ):
                persons = await self._repertory.persons(sorted({m.ssin for m in received}))
                signals = await rows.signals(connection, Mode.SIGNAL.value)
                planner = Planner(policy, signals, attempt, at, clock.today())
                plans = planner.plans(received, persons)
                await self._ledger.write([plan.entries for plan in plans])
                addressed = [one for plan in plans for one in plan.addressed]
                done = [(plan.received, plan.written) for plan in plans]
                await self._store.deliver(connection, addressed, done, at, delivery.number)
        return True
