"""What the router writes in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from crossroads.ledger.v1 import ledger_pb2
from crossroads.router.v1 import decision_pb2, exchange_pb2, mailbox_pb2, supplier_pb2

from mesh import clock, institutions, tickets
from mesh.identity import Caller
from mesh.institutions import Institution
from services.router.domain import Decision, Person, Reason, Verdict

OUTCOMES = {
    Verdict.PERMITTED: ledger_pb2.OUTCOME_ALLOWED,
    Verdict.REFUSED: ledger_pb2.OUTCOME_REFUSED,
}


def consultation(
    kind: ledger_pb2.EntryKind.ValueType,
    ticket: str,
    caller: Caller,
    asker: Institution | None,
    request: exchange_pb2.ConsultRequest,
    decided: Decision,
    on_wire: decision_pb2.Decision,
    at: datetime,
) -> ledger_pb2.Entry:
    """The decision on a consultation or explanation, complete enough to be made again."""
    record = exchange_pb2.ConsultationRecord(consultation=request, decision=on_wire)
    record.consultation.ClearField("reference")
    return ledger_pb2.Entry(
        entry_id=f"{ticket}/decision",
        ticket=ticket,
        kind=kind,
        occurred_at=clock.rfc3339(at),
        caller=caller.identity.path,
        chain=on_wire.chain,
        institution=institutions.to_wire(asker) if asker else None,
        ssin=request.ssin,
        data_sorts=request.data_sorts,
        purpose=request.purpose,
        outcome=OUTCOMES[decided.verdict],
        reason=reasons(decided),
        grounds=grounds(decided),
        content=record.SerializeToString(deterministic=True),
    )


def outcome(
    decision: ledger_pb2.Entry, answers: Sequence[exchange_pb2.HolderAnswer], at: datetime
) -> ledger_pb2.Entry:
    """How the holders answered, without what they answered."""
    record = exchange_pb2.OutcomeRecord(
        answers=[
            exchange_pb2.HolderAnswer(
                data_sort=answer.data_sort,
                holder=answer.holder,
                status=answer.status,
                reason=answer.reason,
                primary_ticket=answer.primary_ticket,
            )
            for answer in answers
        ]
    )
    return ledger_pb2.Entry(
        entry_id=f"{decision.ticket}/outcome",
        ticket=decision.ticket,
        kind=ledger_pb2.ENTRY_KIND_OUTCOME,
        occurred_at=clock.rfc3339(at),
        caller=decision.caller,
        chain=decision.chain,
        institution=decision.institution,
        ssin=decision.ssin,
        data_sorts=decision.data_sorts,
        purpose=decision.purpose,
        outcome=ledger_pb2.OUTCOME_ALLOWED,
        content=record.SerializeToString(deterministic=True),
    )


def door(
    ticket: str,
    caller: Caller,
    reason: str,
    request: exchange_pb2.ConsultRequest | mailbox_pb2.RequestFirstDeliveryRequest,
    at: datetime,
) -> ledger_pb2.Entry:
    """A caller turned away before anything was looked at."""
    return ledger_pb2.Entry(
        entry_id=f"{ticket}/door",
        ticket=ticket,
        kind=ledger_pb2.ENTRY_KIND_DOOR,
        occurred_at=clock.rfc3339(at),
        caller=caller.identity.path,
        chain=caller.chain,
        ssin=request.ssin,
        data_sorts=request.data_sorts,
        purpose=request.purpose if isinstance(request, exchange_pb2.ConsultRequest) else "",
        outcome=ledger_pb2.OUTCOME_REFUSED,
        reason=reason,
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
