"""What the ledger is told of a change in the policy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from crossroads.ledger.v1 import ledger_pb2
from crossroads.repertory.v1 import repertory_pb2

from mesh import clock
from services.repertory import documents, wire
from services.repertory.entries import GROUND
from services.repertory.policy_items import Difference, Item, Kind

MOST_BYTES = 100_000
"""About how much of a change one entry carries."""


def change(
    ticket: str,
    changed_by: Iterable[str],
    made: Difference,
    revision: int,
    caused_by: str,
    at: datetime,
) -> ledger_pb2.AppendRequest:
    """The lines of one change; `changed_by` is who changed it through whom, nearest last."""
    *through, caller = changed_by
    return ledger_pb2.AppendRequest(
        entries=[
            ledger_pb2.Entry(
                entry_id=f"{ticket}/policy/{number}",
                ticket=ticket,
                kind=ledger_pb2.ENTRY_KIND_POLICY,
                occurred_at=clock.rfc3339(at),
                caller=caller,
                chain=[*through, caller] if through else [],
                outcome=ledger_pb2.OUTCOME_ALLOWED,
                grounds=[GROUND],
                content=record.SerializeToString(deterministic=True),
            )
            for number, record in enumerate(_records(made, revision, caused_by))
        ]
    )


def _records(
    made: Difference, revision: int, caused_by: str
) -> Iterator[repertory_pb2.PolicyRecord]:
    """The change in parts that an entry can carry."""
    empty = repertory_pb2.PolicyRecord(revision=revision, caused_by=caused_by)
    record, carried = _copy(empty), 0
    for part in _parts(made):
        size = part.ByteSize()
        if carried and carried + size > MOST_BYTES:
            yield record
            record, carried = _copy(empty), 0
        record.MergeFrom(part)
        carried += size
    yield record


def _parts(made: Difference) -> Iterator[repertory_pb2.PolicyRecord]:
    standing = {(item.kind, item.key) for item in made.opened}
    for item in sorted(made.opened, key=_place):
        yield _opened(item)
    for item in sorted(made.closed, key=_place):
        if (item.kind, item.key) not in standing:
            yield repertory_pb2.PolicyRecord(removed=[f"{item.kind.value} {item.key}"])


def _opened(item: Item) -> repertory_pb2.PolicyRecord:
    if item.kind is Kind.INSTITUTION:
        institution = wire.to_institution(documents.institution(item.document))
        return repertory_pb2.PolicyRecord(institutions=[institution])
    if item.kind is Kind.AVAILABILITY:
        availability = wire.to_availability(documents.availability(item.document))
        return repertory_pb2.PolicyRecord(availabilities=[availability])
    if item.kind is Kind.QUOTA:
        quota = wire.to_quota(documents.quota(item.document))
        return repertory_pb2.PolicyRecord(quotas=[quota])
    deliberation = wire.to_deliberation(documents.deliberation(item.document))
    return repertory_pb2.PolicyRecord(deliberations=[deliberation])


def _place(item: Item) -> tuple[str, str]:
    return (item.kind.value, item.key)


def _copy(record: repertory_pb2.PolicyRecord) -> repertory_pb2.PolicyRecord:
    copied = repertory_pb2.PolicyRecord()
    copied.CopyFrom(record)
    return copied
