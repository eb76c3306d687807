"""A secondary network: who is a member, what its hub hands to whom, how parts become one answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from crossroads.router.v1 import exchange_pb2, supplier_pb2

from mesh import institutions
from mesh.institutions import Institution
from mesh.periods import Period
from services.router import decision
from services.router.domain import DataSortDecision, Person, Policy

WORST_FIRST = (
    exchange_pb2.ANSWER_STATUS_UNAVAILABLE,
    exchange_pb2.ANSWER_STATUS_LATE,
    exchange_pb2.ANSWER_STATUS_OK,
)


def speaks_for(network: Institution | None, chain: Sequence[str], policy: Policy, on: date) -> bool:
    """Whether a hub may ask for those whom it names: members of its network on that day.

    A member stands behind the same managing institution as the network that the hub is to the
    primary; that institution too may have asked, for a member. Nobody named is nobody's question.
    """
    record = policy.institutions.get(network) if network else None
    if record is None or not chain:
        return False
    manager = record.managing or record.institution
    return all(_stands_behind(manager, path, policy, on) for path in chain)


def _stands_behind(manager: Institution, path: str, policy: Policy, on: date) -> bool:
    kind, _, name = path.partition("/")
    try:
        record = policy.institutions.get(institutions.parse(name))
    except ValueError:
        return False
    return (
        kind == "institution"
        and record is not None
        and on in record.period
        and manager in {record.managing, record.institution}
    )


def members(
    data_sort: str, period: Period, policy: Policy, person: Person
) -> tuple[Institution, ...]:
    """The members that hold a sort of data on the person; never what is held beyond the network."""
    beyond = _beyond(data_sort, policy)
    return tuple(
        holder
        for holder in decision.holders(data_sort, period, policy, person)
        if holder not in beyond
    )


def beyond_of(part: DataSortDecision, policy: Policy) -> frozenset[Institution]:
    """Those of its holders in whose name the primary hub is asked."""
    return _beyond(part.data_sort, policy).intersection(part.holders)


def _beyond(data_sort: str, policy: Policy) -> frozenset[Institution]:
    return frozenset(
        availability.holder
        for availability in policy.availabilities.get(data_sort, ())
        if availability.beyond
    )


def joined(parts: Sequence[supplier_pb2.Answer]) -> supplier_pb2.Answer:
    """One answer for the network. Where a member's part is missing, the status says so."""
    given = {part.status for part in parts}
    status = next((one for one in WORST_FIRST if one in given), exchange_pb2.ANSWER_STATUS_NO_DATA)
    return supplier_pb2.Answer(
        status=status, attestations=[packed for part in parts for packed in part.attestations]
    )
