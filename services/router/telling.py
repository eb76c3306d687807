"""What the router writes in the ledger about telling: mutations, who is told, who is not."""

from __future__ import annotations

from datetime import datetime

from crossroads.ledger.v1 import ledger_pb2
from crossroads.router.v1 import exchange_pb2
from crossroads.types.v1 import types_pb2

from mesh import clock, institutions
from mesh.identity import Caller
from mesh.institutions import Institution
from services.router import entries, wire
from services.router.domain import Decision
from services.router.mutation import ReceivedMutation
from services.router.untold import Summary


def mutation(received: ReceivedMutation, data_sort: str) -> ledger_pb2.Entry:
    """That a mutation was taken in. The same each time it is made."""
    return ledger_pb2.Entry(
        entry_id=mutation_id(received.ticket),
        ticket=received.ticket,
        kind=ledger_pb2.ENTRY_KIND_MUTATION,
        occurred_at=received_at(received),
        caller=received.caller,
        institution=institutions.to_wire(received.sender),
        ssin=received.ssin,
        data_sorts=[data_sort],
        outcome=ledger_pb2.OUTCOME_ALLOWED,
    )


def distribution(
    received: ReceivedMutation,
    period: types_pb2.Period,
    recipient: Institution,
    decided: Decision,
    attempt: str,
    at: datetime,
) -> ledger_pb2.Entry:
    """That one institution is told of a mutation, and why; complete, to be made again."""
    part = decided.data_sorts[0]
    record = exchange_pb2.DistributionRecord(
        data_sort=part.data_sort,
        period=period,
        sender=institutions.to_wire(received.sender),
        decision=wire.decision(decided),
    )
    return ledger_pb2.Entry(
        entry_id=distribution_id(received.ticket, recipient, attempt),
        ticket=received.ticket,
        kind=ledger_pb2.ENTRY_KIND_DISTRIBUTION,
        occurred_at=clock.rfc3339(at),
        caller=received.caller,
        institution=institutions.to_wire(recipient),
        ssin=received.ssin,
        data_sorts=[part.data_sort],
        purpose=part.grounds[0].purpose if part.grounds else "",
        outcome=entries.OUTCOMES[decided.verdict],
        reason=entries.reasons(decided),
        grounds=entries.grounds(decided),
        content=record.SerializeToString(deterministic=True),
    )


def untold(
    received: ReceivedMutation,
    period: types_pb2.Period,
    data_sort: str,
    summary: Summary,
    attempt: str,
    at: datetime,
) -> ledger_pb2.Entry:
    """Everyone who is not told of a mutation, in one entry; complete, to be made again."""
    record = wire.untold_record(data_sort, period, received.sender, summary)
    return ledger_pb2.Entry(
        entry_id=untold_id(received.ticket, attempt),
        ticket=received.ticket,
        kind=ledger_pb2.ENTRY_KIND_DISTRIBUTION,
        occurred_at=clock.rfc3339(at),
        caller=received.caller,
        ssin=received.ssin,
        data_sorts=[data_sort],
        outcome=ledger_pb2.OUTCOME_REFUSED,
        reason=untold_reasons(summary),
        content=record.SerializeToString(deterministic=True),
    )


def first_delivery(
    ticket: str,
    caller: Caller,
    recipient: Institution,
    ssin: str,
    period: types_pb2.Period,
    decided: Decision,
    attempt: str,
    at: datetime,
) -> ledger_pb2.Entry:
    """Whether an institution is told of what stands, on one sort of data; as of a distribution."""
    part = decided.data_sorts[0]
    record = exchange_pb2.DistributionRecord(
        data_sort=part.data_sort, period=period, decision=wire.decision(decided)
    )
    return ledger_pb2.Entry(
        entry_id=f"{ticket}/{recipient}/{part.data_sort}/{attempt}",
        ticket=ticket,
        kind=ledger_pb2.ENTRY_KIND_DISTRIBUTION,
        occurred_at=clock.rfc3339(at),
        caller=caller.identity.path,
        chain=entries.chain(caller, recipient),
        institution=institutions.to_wire(recipient),
        ssin=ssin,
        data_sorts=[part.data_sort],
        purpose=part.grounds[0].purpose if part.grounds else "",
        outcome=entries.OUTCOMES[decided.verdict],
        reason=entries.reasons(decided),
        grounds=entries.grounds(decided),
        content=record.SerializeToString(deterministic=True),
    )


def untold_reasons(summary: Summary) -> str:
    return ",".join(group.reason.name for group in summary.untold)


def again(entry: ledger_pb2.Entry, received: ReceivedMutation, entry_id: str) -> ledger_pb2.Entry:
    """The same entry on another mutation, about which all else was decided alike."""
    other = ledger_pb2.Entry()
    other.CopyFrom(entry)
    other.entry_id = entry_id
    other.ticket = received.ticket
    other.ssin = received.ssin
    return other


def mutation_id(ticket: str) -> str:
    return f"{ticket}/mutation"


def distribution_id(ticket: str, recipient: Institution, attempt: str) -> str:
    return f"{ticket}/{recipient}/{attempt}"


def untold_id(ticket: str, attempt: str) -> str:
    return f"{ticket}/untold/{attempt}"


def received_at(received: ReceivedMutation) -> str:
    return clock.rfc3339(received.received_at)
