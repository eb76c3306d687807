"""Intake: what a delivery says, in the words of this service."""

from __future__ import annotations

from crossroads.attestations.v1 import attestations_pb2, persons_pb2
from crossroads.router.v1 import exchange_pb2, mailbox_pb2

from mesh import institutions, periods
from services.rights.domain import Arrival, Group, Statement
from services.rights.rulebook import Rulebook
from services.rights.statuses import Sort

DATA_SORTS = {
    Group.DOMICILE: "household_composition",
    Group.FUND_HOUSEHOLD: "fund_household",
    Group.FAMILY: "family_composition",
}
"""The sort of data by which each sort of group is told."""
GROUPS = {data_sort: group for group, data_sort in DATA_SORTS.items()}
REPLACED_NUMBER = "replaced_number"


class NotUnderstood(ValueError):  # noqa: N818 - it states what is wrong
    """A delivery whose content is not what its sort of data promises."""


def read(delivery: mailbox_pb2.Delivery, rulebook: Rulebook) -> Arrival:
    """Raises NotUnderstood; a sort of data that no rule reads concerns nobody."""
    mutation = delivery.mutation
    if mutation.data_sort == REPLACED_NUMBER:
        return _replacement(delivery)
    sort = rulebook.statuses.sorts.get(mutation.data_sort)
    group = GROUPS.get(mutation.data_sort)
    statement = None if sort is None else _statement(delivery, sort)
    return Arrival(
        ssin=mutation.ssin,
        position=delivery.position,
        ticket=delivery.ticket,
        traceparent=delivery.traceparent,
        statement=statement,
        concerns=mutation.data_sort in rulebook.triggers or group in rulebook.groups,
        group=group,
    )


def unread(delivery: mailbox_pb2.Delivery) -> Arrival:
    """A delivery put aside: it only moves the position."""
    return Arrival(
        delivery.mutation.ssin,
        delivery.position,
        delivery.ticket,
        delivery.traceparent,
        statement=None,
        concerns=False,
    )


def _replacement(delivery: mailbox_pb2.Delivery) -> Arrival:
    """The number in force, and the one that it replaced."""
    replaced = persons_pb2.NumberReplaced()
    if not delivery.mutation.attestation.Unpack(replaced) or not replaced.old_ssin:
        raise NotUnderstood(f"{REPLACED_NUMBER} carries another attestation")
    return Arrival(
        ssin=replaced.new_ssin,
        position=delivery.position,
        ticket=delivery.ticket,
        traceparent=delivery.traceparent,
        statement=None,
        concerns=True,
        replaces=replaced.old_ssin,
    )


def _statement(delivery: mailbox_pb2.Delivery, sort: Sort) -> Statement:
    """The attestation's own days count; the mutation's may be wider, for those who lose days."""
    mutation = delivery.mutation
    attestation = getattr(attestations_pb2, sort.attestation)()
    if not mutation.attestation.Unpack(attestation):
        raise NotUnderstood(f"{mutation.data_sort} carries another attestation")
    try:
        days = attestation.period if attestation.HasField("period") else mutation.period
        status, period = sort.status(attestation), periods.from_wire(days)
    except ValueError as error:
        raise NotUnderstood(f"{mutation.data_sort} without a status or with no days") from error
    return Statement(
        ssin=mutation.ssin,
        institution=institutions.from_wire(delivery.sender),
        data_sort=mutation.data_sort,
        status=status,
        strand=status if sort.several_at_once else "",
        period=period,
        cancelled=mutation.kind == exchange_pb2.MUTATION_KIND_CANCELLED,
        ticket=delivery.ticket,
        position=delivery.position,
    )
