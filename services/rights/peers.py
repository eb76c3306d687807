"""Who the rights engine asks and tells: the router and the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

import grpc
from crossroads.attestations.v1 import attestations_pb2
from crossroads.ledger.v1 import ledger_pb2, ledger_pb2_grpc
from crossroads.router.v1 import decision_pb2, exchange_pb2, exchange_pb2_grpc
from google.protobuf import any_pb2

from mesh import institutions, periods
from mesh.channels import Channels
from mesh.outbox import Item
from mesh.periods import ALWAYS, Period
from mesh.refusals import Refusal
from services.rights.domain import Household, Membership
from services.rights.intake import HOUSEHOLD
from services.rights.store import Store
from services.rights.wire import ENGINE

NOBODY_HOLDS = (
    [decision_pb2.REFUSAL_REASON_NO_HOLDER],
    [decision_pb2.REFUSAL_REASON_UNKNOWN_PERSON],
)
PURPOSE = "social_tariff"
QUALITY = 0
MOST_PERSONS = 250
"""Asked in one call, each a consultation of its own."""
CONSULT_TIMEOUT_S = 4.0
PUBLISH_TIMEOUT_S = 2.0
APPEND_TIMEOUT_S = 2.0


class Register:
    """The National Register, reached through the router like by everybody."""

    def __init__(self, channels: Channels, since: Period) -> None:
        self._channels = channels
        self._about = since

    async def households(self, ssins: Iterable[str]) -> dict[str, tuple[Household, ...]]:
        """Where each lives and lived with whom; alone where nobody knows more.

        Raises Refusal (UNAVAILABLE) when the answer is not sure: nothing is decided on a guess.
        """
        asked, homes = sorted(ssins), {}
        stub = exchange_pb2_grpc.ExchangeStub(self._channels.peer("router"))
        for start in range(0, len(asked), MOST_PERSONS):
            page = asked[start : start + MOST_PERSONS]
            response = await stub.BatchConsult(
                exchange_pb2.BatchConsultRequest(consultations=map(self._question, page)),
                timeout=CONSULT_TIMEOUT_S,
            )
            answers = zip(page, response.consultations, strict=True)
            homes.update({ssin: _homes(ssin, consulted) for ssin, consulted in answers})
        return homes

    def _question(self, ssin: str) -> exchange_pb2.ConsultRequest:
        return exchange_pb2.ConsultRequest(
            ssin=ssin,
            data_sorts=[HOUSEHOLD],
            quality=QUALITY,
            period=periods.to_wire(self._about),
            purpose=PURPOSE,
            on_behalf_of=institutions.to_wire(ENGINE),
        )


class Publisher:
    """Tells the network, through the router, what was decided."""

    def __init__(self, channels: Channels, store: Store) -> None:
        self._channels = channels
        self._store = store

    async def publish(self, items: list[Item]) -> None:
        """Serialised PublishRequests: those on one person in order, persons side by side."""
        by_person: dict[str, list[exchange_pb2.PublishRequest]] = {}
        for item in items:
            request = exchange_pb2.PublishRequest.FromString(item.payload)
            by_person.setdefault(request.mutation.ssin, []).append(request)
        receipts = await asyncio.gather(*map(self._publish, by_person.values()))
        await self._store.set_tickets([receipt for each in receipts for receipt in each])

    async def _publish(
        self, requests: Sequence[exchange_pb2.PublishRequest]
    ) -> list[tuple[str, str, str]]:
        """Person, decision and ticket of each; the request id is the decision's."""
        stub = exchange_pb2_grpc.ExchangeStub(self._channels.peer("router"))
        receipts = []
        for request in requests:
            receipt = await stub.Publish(request, timeout=PUBLISH_TIMEOUT_S)
            receipts.append((request.mutation.ssin, request.request_id, receipt.ticket))
        return receipts


class Ledger:
    """Where every decision has its line."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    async def append(self, items: list[Item]) -> None:
        """Serialised entries; an entry already written is not written again."""
        stub = ledger_pb2_grpc.LedgerStub(self._channels.peer("ledger"))
        entries = [ledger_pb2.Entry.FromString(item.payload) for item in items]
        await stub.Append(ledger_pb2.AppendRequest(entries=entries), timeout=APPEND_TIMEOUT_S)


def _homes(ssin: str, consulted: exchange_pb2.ConsultResponse) -> tuple[Household, ...]:
    refused = [p.reason for p in consulted.decision.data_sorts if p.reason]
    if refused in NOBODY_HOLDS:
        return (_alone(ssin, consulted.ticket),)
    unsure = {exchange_pb2.ANSWER_STATUS_LATE, exchange_pb2.ANSWER_STATUS_UNAVAILABLE}
    if refused or not consulted.answers or any(a.status in unsure for a in consulted.answers):
        reason = decision_pb2.RefusalReason.Name(refused[0]) if refused else "NO_ANSWER"
        raise Refusal(
            grpc.StatusCode.UNAVAILABLE,
            "HOUSEHOLD_UNKNOWN",
            metadata={"ticket": consulted.ticket, "why": reason},
        )
    compositions = [
        _composition(packed) for answer in consulted.answers for packed in answer.attestations
    ]
    found = tuple(
        Household(tuple(map(_membership, c.members)), consulted.ticket)
        for c in compositions
        if any(member.ssin == ssin for member in c.members)
    )
    return found or (_alone(ssin, consulted.ticket),)


def _alone(ssin: str, ticket: str) -> Household:
    return Household((Membership(ssin, ALWAYS),), ticket)


def _composition(packed: any_pb2.Any) -> attestations_pb2.HouseholdComposition:
    composition = attestations_pb2.HouseholdComposition()
    packed.Unpack(composition)
    return composition


def _membership(wire: attestations_pb2.HouseholdMember) -> Membership:
    return Membership(wire.ssin, periods.from_wire(wire.period))
