"""Distribution: decides who is told of each mutation, writes it down, and fills the mailboxes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import grpc
import structlog
from crossroads.ledger.v1 import ledger_pb2
from crossroads.router.v1 import exchange_pb2
from sqlalchemy.exc import DBAPIError

from mesh import clock, database, periods, telemetry, tickets, written
from mesh.refusals import Refusal
from services.router import delivery, distribution, telling, untold
from services.router.domain import Person, Policy, Verdict
from services.router.mailbox import rows
from services.router.mailbox.domain import Mode
from services.router.mutation import Addressed, ReceivedMutation
from services.router.peers import Ledger, Repertory
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
                persons = await self._persons(received)
                signals = await rows.signals(connection, Mode.SIGNAL.value)
                plans = [_plan(m, policy, persons[m.ssin], attempt, signals) for m in received]
                await self._ledger.write([entries_of for entries_of, _ in plans])
                addressed = [one for _, addressed_of in plans for one in addressed_of]
                kept = [written.of(entries_of) for entries_of, _ in plans]
                done = list(zip(received, kept, strict=True))
                await self._store.deliver(connection, addressed, done, at, delivery.number)
        return True

    async def _persons(self, received: Sequence[ReceivedMutation]) -> dict[str, Person]:
        ssins = sorted({mutation.ssin for mutation in received})
        found = await asyncio.gather(*(self._repertory.person(ssin) for ssin in ssins))
        return dict(zip(ssins, found, strict=True))


def _plan(
    received: ReceivedMutation,
    policy: Policy,
    person: Person,
    attempt: str,
    signals: frozenset[str],
) -> tuple[list[ledger_pb2.Entry], list[Addressed]]:
    """The ledger entries and the deliveries of one mutation."""
    mutation = exchange_pb2.Mutation.FromString(received.mutation)
    at, today = clock.now(), clock.today()
    decisions = distribution.distribute(
        mutation.data_sort,
        periods.from_wire(mutation.period),
        received.sender,
        policy,
        person,
        today,
    )
    told = [telling.mutation(received, mutation.data_sort)]
    addressed = []
    for recipient, decided in decisions.items():
        if decided.verdict is not Verdict.PERMITTED:
            continue
        entry = telling.distribution(received, mutation.period, recipient, decided, attempt, at)
        told.append(entry)
        one = delivery.delivery(
            received.ticket,
            mutation,
            received.sender,
            decided.data_sorts[0],
            policy,
            at,
            signal=str(recipient) in signals,
            traceparent=received.traceparent,
        )
        addressed.append(
            Addressed(recipient, received.ssin, one.SerializeToString(), entry.entry_id)
        )
    summary = untold.summarise(decisions, policy, person, today)
    if summary.untold:
        sort, period = mutation.data_sort, mutation.period
        told.append(telling.untold(received, period, sort, summary, attempt, at))
    return told, addressed
