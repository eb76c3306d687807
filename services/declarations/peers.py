"""The services that declarations ask and tell: repertory, router and ledger."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

import grpc
from crossroads.ledger.v1 import ledger_pb2, ledger_pb2_grpc
from crossroads.repertory.v1 import repertory_pb2, repertory_pb2_grpc
from crossroads.router.v1 import exchange_pb2_grpc

from mesh import announcements, institutions, periods, refusals
from mesh.announcements import Announcement
from mesh.channels import Channels
from mesh.institutions import Institution
from mesh.refusals import Refusal
from services.declarations.dimona import flexi_jobs
from services.declarations.dimona.domain import Person
from services.declarations.steps import Outcomes

NATIONAL_REGISTER = Institution(0, 0)
PENSIONS = Institution(5, 0)
TIMEOUT_S = 2.0
BATCH_TIMEOUT_S = 5.0
MOST_REQUESTS, MOST_LINES = 256, 1000
"""That the repertory takes in one call."""


class Repertory:
    """The reference repertory."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    def _stub(self) -> repertory_pb2_grpc.RepertoryStub:
        return repertory_pb2_grpc.RepertoryStub(self._channels.peer("repertory"))

    async def lookup(self, ssins: Collection[str]) -> dict[str, Person]:
        """By the number asked for."""
        if not ssins:
            return {}
        answer = await self._stub().BatchLookup(
            repertory_pb2.BatchLookupRequest(ssins=sorted(ssins)), timeout=TIMEOUT_S
        )
        return {person.ssin: person_of(person) for person in answer.persons}

    async def register(self, requests: Sequence[repertory_pb2.RegisterRequest]) -> Outcomes:
        """In order, as many in a call as the repertory takes."""
        outcomes: list[Refusal | None] = []
        for batch in batches(requests):
            answer = await self._stub().BatchRegister(
                repertory_pb2.BatchRegisterRequest(requests=batch), timeout=BATCH_TIMEOUT_S
            )
            outcomes += map(_refusal, answer.outcomes)
        return outcomes

    async def end(self, requests: Sequence[repertory_pb2.EndRequest]) -> Outcomes:
        """In order; days that are not there any more are ended already."""
        outcomes: list[Refusal | None] = []
        for begin in range(0, len(requests), MOST_REQUESTS):
            answer = await self._stub().BatchEnd(
                repertory_pb2.BatchEndRequest(requests=requests[begin : begin + MOST_REQUESTS]),
                timeout=BATCH_TIMEOUT_S,
            )
            outcomes += [
                refusal if refusal and refusal.code is not grpc.StatusCode.NOT_FOUND else None
                for refusal in map(_refusal, answer.outcomes)
            ]
        return outcomes


class Router:
    """The exchange."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    async def publish(self, told: Sequence[Announcement]) -> Outcomes:
        """In order, as many in a call as the router takes."""
        stub = exchange_pb2_grpc.ExchangeStub(self._channels.peer("router"))
        outcomes: list[Refusal | None] = []
        for batch in announcements.batches(told):
            answer = await stub.BatchPublish(batch, timeout=BATCH_TIMEOUT_S)
            outcomes += [
                outcome if isinstance(outcome, Refusal) else None
                for outcome in announcements.outcomes(answer)
            ]
        return outcomes


class Ledger:
    """The verifiable log."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    async def append(self, entries: Sequence[ledger_pb2.Entry]) -> None:
        stub = ledger_pb2_grpc.LedgerStub(self._channels.peer("ledger"))
        await stub.Append(ledger_pb2.AppendRequest(entries=entries), timeout=TIMEOUT_S)


def batches(
    requests: Iterable[repertory_pb2.RegisterRequest],
) -> Iterator[list[repertory_pb2.RegisterRequest]]:
    """Cut where one more would be too many requests, or too many lines together."""
    batch: list[repertory_pb2.RegisterRequest] = []
    lines = 0
    for request in requests:
        lines += len(request.inscriptions)
        if batch and (len(batch) == MOST_REQUESTS or lines > MOST_LINES):
            yield batch
            batch, lines = [], len(request.inscriptions)
        batch.append(request)
    if batch:
        yield batch


def _refusal(outcome: repertory_pb2.WriteOutcome) -> Refusal | None:
    return refusals.of_status(outcome.refusal) if outcome.HasField("refusal") else None


def person_of(wire: repertory_pb2.PersonLookup) -> Person:
    """Known is who is in the National Register, under that number or the one that replaced it;
    pensioned is whom the pensions service pays.
    """
    paid = flexi_jobs.precondition().pension_qualities
    lines = [(institutions.from_wire(line.institution), line) for line in wire.inscriptions]
    return Person(
        wire.replaced_by or wire.ssin,
        any(institution == NATIONAL_REGISTER for institution, _ in lines),
        tuple(
            periods.from_wire(line.period)
            for institution, line in lines
            if institution == PENSIONS and line.quality in paid
        ),
    )
