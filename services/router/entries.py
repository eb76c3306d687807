"""What the router writes in the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import TypeAlias

from crossroads.ledger.v1 import ledger_pb2
from crossroads.router.v1 import decision_pb2, exchange_pb2, supplier_pb2
from crossroads.types.v1 import types_pb2

from mesh import clock, institutions, tickets
from mesh.identity import Caller
from mesh.institutions import Institution
from services.router.domain import Decision, Person, Question, Reason, Verdict

OUTCOMES = {
    Verdict.PERMITTED: ledger_pb2.OUTCOME_ALLOWED,
    Verdict.REFUSED: ledger_pb2.OUTCOME_REFUSED,
}


def consultation(
    kind: ledger_pb2.EntryKind.ValueType,
    caller: Caller,
    question: Question,
    decided: Decision,
    on_wire: decision_pb2.Decision,
    at: datetime,
    batch: str = "",
) -> ledger_pb2.Entry:
    """The decision on all consultations or explanations alike, but for person and ticket.

    Its content is what stands in that of each behind the question. `batch` is the ticket of the
    batch they were asked in.
    """
    return ledger_pb2.Entry(
        kind=kind,
        occurred_at=clock.rfc3339(at),
        caller=caller.identity.path,
        chain=on_wire.chain,
        institution=institutions.to_wire(question.asker) if question.asker else None,
        data_sorts=question.data_sorts,
        purpose=question.purpose or "",
        outcome=OUTCOMES[decided.verdict],
        reason=reasons(decided),
        grounds=grounds(decided),
        content=exchange_pb2.ConsultationRecord(decision=on_wire, batch=batch).SerializeToString(
            deterministic=True
        ),
    )


def consulted(
    alike: ledger_pb2.Entry, request: exchange_pb2.ConsultRequest, ticket: str
) -> ledger_pb2.Entry:
    """The decision on one of the consultations that are alike, complete enough to be made again."""
    record = exchange_pb2.ConsultationRecord(consultation=request)
    if not request.chain:  # of a hub it is the ticket of the member's question there
        record.consultation.ClearField("reference")
    entry = ledger_pb2.Entry()
    entry.CopyFrom(alike)
    entry.entry_id = f"{ticket}/decision"
    entry.ticket = ticket
    entry.ssin = request.ssin
    entry.content = record.SerializeToString(deterministic=True) + alike.content
    return entry


def outcome(
    decision: ledger_pb2.Entry, answers: Iterable[exchange_pb2.HolderAnswer], at: datetime
) -> ledger_pb2.Entry:
    """How the holders answered, without what they answered."""
    entry = _ended(decision, at)
    entry.entry_id = f"{decision.ticket}/outcome"
    entry.content = _outcome_record(ended(answers))
    return entry


def outcomes(
    alike: ledger_pb2.Entry,
    batch: str,
    number: int,
    tickets_of: Mapping[tuple[Ended, ...], Sequence[str]],
    at: datetime,
) -> ledger_pb2.Entry:
    """How those of a batch ended that were asked in one manner: the tickets of each ending.

    `alike` is the decision on one of them; `number` tells the manners of the batch apart.
    """
    entry = _ended(alike, at)
    entry.ClearField("ssin")
    entry.ticket = batch
    entry.entry_id = f"{batch}/outcomes/{number}"
    record = exchange_pb2.OutcomesRecord()
    for answers, of in tickets_of.items():
        record.ended.add(answers=_outcome(answers).answers, tickets=of)
    entry.content = record.SerializeToString(deterministic=True)
    return entry


def _ended(decision: ledger_pb2.Entry, at: datetime) -> ledger_pb2.Entry:
    entry = ledger_pb2.Entry()
    entry.CopyFrom(decision)
    entry.kind = ledger_pb2.ENTRY_KIND_OUTCOME
    entry.occurred_at = clock.rfc3339(at)
    entry.outcome = ledger_pb2.OUTCOME_ALLOWED
    entry.ClearField("reason")
    entry.ClearField("grounds")
    return entry


def ended(answers: Iterable[exchange_pb2.HolderAnswer]) -> tuple[Ended, ...]:
    """How each holder answered, as far as the ledger keeps it."""
    return tuple(
        (
            answer.data_sort,
            answer.holder.sector,
            answer.holder.number,
            answer.status,
            answer.reason,
            answer.primary_ticket,
        )
        for answer in answers
    )


Ended: TypeAlias = tuple[
    str,
    int,
    int,
    exchange_pb2.AnswerStatus.ValueType,
    decision_pb2.RefusalReason.ValueType,
    str,
]
"""How one holder answered: sort of data, holder, status, reason, ticket at the primary hub."""


@lru_cache(maxsize=1024)
def _outcome_record(answers: tuple[Ended, ...]) -> bytes:
    """Most consultations end in one of few ways."""
    return _outcome(answers).SerializeToString(deterministic=True)


def _outcome(answers: tuple[Ended, ...]) -> exchange_pb2.OutcomeRecord:
    return exchange_pb2.OutcomeRecord(
        answers=[
            exchange_pb2.HolderAnswer(
                data_sort=data_sort,
                holder=types_pb2.Institution(sector=sector, number=number),
                status=status,
                reason=reason,
                primary_ticket=primary_ticket,
            )
            for data_sort, sector, number, status, reason, primary_ticket in answers
        ]
    )


def supply(
    question: supplier_pb2.Question,
    caller: Caller,
    members: Sequence[Institution],
    person: Person,
    policy_revision: int,
    at: datetime,
) -> ledger_pb2.Entry:
    """That the primary hub asked the network, under its ticket, and which members are asked.

    A question that comes again has an entry of its own each time.
    """
    record = supplier_pb2.SupplyRecord(
        question=question,
        members=[institutions.to_wire(member) for member in members],
        repertory_position=person.position,
        policy_revision=policy_revision,
    )
    return ledger_pb2.Entry(
        entry_id=f"{question.ticket}/supply/{tickets.new()}",
        ticket=question.ticket,
        kind=ledger_pb2.ENTRY_KIND_SUPPLY,
        occurred_at=clock.rfc3339(at),
        caller=caller.identity.path,
        institution=question.holder,
        ssin=question.ssin,
        data_sorts=[question.data_sort],
        outcome=ledger_pb2.OUTCOME_ALLOWED if members else ledger_pb2.OUTCOME_REFUSED,
        reason="" if members else Reason.NO_HOLDER.name,
        content=record.SerializeToString(deterministic=True),
    )


def chain(caller: Caller, asker: Institution | None, named: Sequence[str] = ()) -> list[str]:
    """Who asks through whom, nearest last; a member comes before its managing institution.

    `named` are those for whom a hub says that it asks.
    """
    if named:
        return [*named, caller.identity.path]
    paths = list(caller.chain)
    member = f"institution/{asker}" if asker else ""
    if caller.principal.kind == "institution" and member not in {"", caller.principal.path}:
        return [member, *(paths or [caller.identity.path])]
    return paths


def reasons(decided: Decision) -> str:
    """The reasons of what was refused, by name, in the order asked."""
    found = dict.fromkeys(part.reason.name for part in decided.data_sorts if part.reason)
    return ",".join(found)


def grounds(decided: Decision) -> list[str]:
    return list(
        dict.fromkeys(
            f"{ground.deliberation} ({ground.id}), {ground.article}"
            for part in decided.data_sorts
            for ground in part.grounds
        )
    )
