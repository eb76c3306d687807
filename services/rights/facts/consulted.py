"""Consulted: what the network answered, in the words of this service."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

import grpc
from crossroads.router.v1 import decision_pb2, exchange_pb2, mailbox_pb2

from mesh.refusals import Refusal
from services.rights.domain import Group, Household, Statement
from services.rights.facts import intake, reading
from services.rights.law.rulebook import Rulebook

NOBODY_HOLDS = frozenset(
    {decision_pb2.REFUSAL_REASON_NO_HOLDER, decision_pb2.REFUSAL_REASON_UNKNOWN_PERSON}
)
NOT_SURE = frozenset(
    {
        exchange_pb2.ANSWER_STATUS_LATE,
        exchange_pb2.ANSWER_STATUS_UNAVAILABLE,
        exchange_pb2.ANSWER_STATUS_REFUSED,
    }
)


def check(answer: exchange_pb2.ConsultResponse) -> None:
    """Raise UNAVAILABLE unless each sort of data was answered, or is held by nobody."""
    held = set()
    for decided in answer.decision.data_sorts:
        if decided.reason and decided.reason not in NOBODY_HOLDS:
            raise _not_sure(answer, decision_pb2.RefusalReason.Name(decided.reason))
        if not decided.reason:
            held.add(decided.data_sort)
    if held - {a.data_sort for a in answer.answers if a.status not in NOT_SURE} or any(
        a.status in NOT_SURE for a in answer.answers
    ):
        raise _not_sure(answer, "NO_ANSWER")


def groups(
    ssin: str, answer: exchange_pb2.ConsultResponse, sorts: Mapping[str, Group]
) -> tuple[Household, ...]:
    """The groups that the person is and was in, of those sorts of data.

    A group without members is none.
    """
    found = []
    for holder in answer.answers:
        if holder.data_sort in sorts:
            for packed in holder.attestations:
                with contextlib.suppress(reading.NotUnderstood):
                    found.append(reading.household(packed, sorts[holder.data_sort], answer.ticket))
    return tuple(home for home in found if ssin in home.ssins)


def statements(
    ssin: str, answer: exchange_pb2.ConsultResponse, position: int, rulebook: Rulebook
) -> Iterator[Statement]:
    """What holders say, as if it had been delivered up to a position of the mailbox.

    What is not understood is left out, as it is put aside in the mailbox.
    """
    for holder in answer.answers:
        for packed in holder.attestations:
            delivery = mailbox_pb2.Delivery(
                position=position,
                ticket=answer.ticket,
                sender=holder.holder,
                mutation=exchange_pb2.Mutation(
                    ssin=ssin,
                    data_sort=holder.data_sort,
                    kind=exchange_pb2.MUTATION_KIND_CREATED,
                    attestation=packed,
                ),
            )
            try:
                arrival = intake.read(delivery, rulebook)
            except intake.NotUnderstood:
                continue
            if arrival.statement is not None:
                yield arrival.statement


def _not_sure(answer: exchange_pb2.ConsultResponse, why: str) -> Refusal:
    return Refusal(
        grpc.StatusCode.UNAVAILABLE,
        "HOUSEHOLD_UNKNOWN",
        metadata={"ticket": answer.ticket, "why": why},
    )
