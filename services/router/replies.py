"""What holders reply, stripped of what may not be given."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

import structlog
from crossroads.router.v1 import exchange_pb2, supplier_pb2
from google.protobuf import any_pb2

from mesh import institutions
from mesh.institutions import Institution
from mesh.periods import Period
from services.router import network, wire
from services.router.domain import DataSortDecision, Decision, Policy
from services.router.minimisation import NotThisAttestation, minimise
from services.router.peers import Suppliers

LOG = structlog.get_logger()
UNAVAILABLE = exchange_pb2.ANSWER_STATUS_UNAVAILABLE


@dataclass(frozen=True, slots=True)
class Pending:
    """One holder that has been asked."""

    part: DataSortDecision
    holder: Institution
    answer: asyncio.Future[supplier_pb2.Answer]

    async def reply(self, policy: Policy) -> exchange_pb2.HolderAnswer:
        return replied(self.part, self.holder, await self.answer, policy)


def replied(
    part: DataSortDecision, holder: Institution, given: supplier_pb2.Answer, policy: Policy
) -> exchange_pb2.HolderAnswer:
    """What a holder answered, as far as it may be given."""
    kept = stripped(given.attestations, part, policy)
    return exchange_pb2.HolderAnswer(
        data_sort=part.data_sort,
        holder=institutions.to_wire(holder),
        status=given.status if kept is not None else UNAVAILABLE,
        attestations=kept,
    )


def within(
    decided: Decision, policy: Policy, *, but: Institution | None = None
) -> list[tuple[DataSortDecision, Institution]]:
    """Every holder of what is permitted, in this network and `but` one."""
    return [
        (part, holder)
        for part in decided.data_sorts
        if part.reason is None
        for holder in part.holders
        if holder != but and holder not in network.beyond_of(part, policy)
    ]


def ask(
    suppliers: Suppliers,
    ticket: str,
    ssin: str,
    period: Period,
    whom: Iterable[tuple[DataSortDecision, Institution]],
    policy: Policy,
) -> list[Pending]:
    """Ask holders; none is waited for."""
    pending = []
    for part, holder in whom:
        question = wire.supplier_question(ticket, ssin, part.data_sort, period, holder)
        answer = suppliers.ask(policy.institutions[holder], question)
        pending.append(Pending(part, holder, answer))
    return pending


def strip(answer: exchange_pb2.HolderAnswer, part: DataSortDecision, policy: Policy) -> None:
    """Leave only what may be given; an answer that is not what was asked for is none."""
    kept = stripped(answer.attestations, part, policy)
    if kept is None:
        answer.status = UNAVAILABLE
    answer.ClearField("attestations")
    answer.attestations.extend(kept or ())


def stripped(
    given: Iterable[any_pb2.Any], part: DataSortDecision, policy: Policy
) -> list[any_pb2.Any] | None:
    """Only what may be given; None where it is not what was asked for."""
    attestation = policy.availabilities[part.data_sort][0].attestation
    try:
        return [minimise(packed, attestation, part.fields) for packed in given]
    except NotThisAttestation:
        LOG.error("a holder gave another attestation than asked for", data_sort=part.data_sort)
        return None
