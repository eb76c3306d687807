"""Distribution: decides who is told of each mutation, writes it down, and fills the mailboxes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import grpc
import structlog
from crossroads.ledger.v1 import ledger_pb2
from crossroads.router.v1 import exchange_pb2, mailbox_pb2
from sqlalchemy.exc import DBAPIError

from mesh import clock, database, institutions, periods, telemetry, tickets, written
from mesh.refusals import Refusal
from services.router import distribution, entries
from services.router.domain import Decision, Person, Policy, Verdict
from services.router.minimisation import minimise
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
                plans = [_plan(m, policy, persons[m.ssin], attempt) for m in received]
                told = [entry for entries_of, _ in plans for entry in entries_of]
                await asyncio.gather(*(self._ledger.append(entry) for entry in told))
                addressed = [one for _, addressed_of in plans for one in addressed_of]
                kept = [written.of(entries_of) for entries_of, _ in plans]
                done = list(zip(received, kept, strict=True))
                await self._store.deliver(connection, addressed, done, at, _number)
        return True

    async def _persons(self, received: Sequence[ReceivedMutation]) -> dict[str, Person]:
        ssins = sorted({mutation.ssin for mutation in received})
        found = await asyncio.gather(*(self._repertory.person(ssin) for ssin in ssins))
        return dict(zip(ssins, found, strict=True))


def _plan(
    received: ReceivedMutation, policy: Policy, person: Person, attempt: str
) -> tuple[list[ledger_pb2.Entry], list[Addressed]]:
    """The ledger entries and the deliveries of one mutation."""
    mutation = exchange_pb2.Mutation.FromString(received.mutation)
    at = clock.now()
    decisions = distribution.distribute(
        mutation.data_sort,
        periods.from_wire(mutation.period),
        received.sender,
        policy,
        person,
        clock.today(),
    )
    told = [entries.mutation(received, mutation.data_sort)]
    addressed = []
    for recipient, decided in decisions.items():
        entry = entries.distribution(received, mutation.period, recipient, decided, attempt, at)
        told.append(entry)
        if decided.verdict is Verdict.PERMITTED:
            delivery = _delivery(received, mutation, decided, policy)
            addressed.append(
                Addressed(recipient, received.ssin, delivery.SerializeToString(), entry.entry_id)
            )
    return told, addressed


def _delivery(
    received: ReceivedMutation,
    mutation: exchange_pb2.Mutation,
    decided: Decision,
    policy: Policy,
) -> mailbox_pb2.Delivery:
    part = decided.data_sorts[0]
    attestation = policy.availabilities[part.data_sort][0].attestation
    stripped = exchange_pb2.Mutation()
    stripped.CopyFrom(mutation)
    stripped.attestation.CopyFrom(minimise(mutation.attestation, attestation, part.fields))
    return mailbox_pb2.Delivery(
        ticket=received.ticket,
        mutation=stripped,
        sender=institutions.to_wire(received.sender),
        authorization=part.grounds[0].id,
        delivered_at=clock.rfc3339(clock.now()),
        traceparent=received.traceparent,
    )


def _number(delivery: bytes, position: int) -> bytes:
    """The delivery with its position: protobuf reads fields in any order, so it is put behind."""
    return delivery + mailbox_pb2.Delivery(position=position).SerializeToString()
