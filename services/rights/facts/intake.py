"""Intake: what a delivery says, in the words of this service."""

from __future__ import annotations

from datetime import date

from crossroads.attestations.v1 import persons_pb2
from crossroads.router.v1 import exchange_pb2, mailbox_pb2

from mesh import institutions, periods
from mesh.periods import Period
from services.rights.arrival import Arrival
from services.rights.domain import Statement
from services.rights.facts import reading
from services.rights.facts.reading import Said
from services.rights.law.rulebook import Rulebook
from services.rights.law.statuses import Sort

REPLACED_NUMBER = "replaced_number"
NotUnderstood = reading.NotUnderstood


def read(delivery: mailbox_pb2.Delivery, rulebook: Rulebook) -> Arrival:
    """Raises NotUnderstood; a sort of data that no rule reads concerns nobody."""
    mutation = delivery.mutation
    if mutation.data_sort == REPLACED_NUMBER:
        return _replacement(delivery)
    sort = rulebook.statuses.sorts.get(mutation.data_sort)
    group = reading.GROUPS.get(mutation.data_sort)
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


def _statement(delivery: mailbox_pb2.Delivery, sort: Sort) -> Statement | None:
    """The attestation's own days count; the mutation's may be wider, for those who lose days."""
    mutation = delivery.mutation
    try:
        said = reading.said(mutation.attestation, sort, _days(mutation))
    except NotUnderstood as error:
        raise NotUnderstood(f"{mutation.data_sort}: {error}") from error
    return None if said is None else _made(delivery, sort, said)


def _made(delivery: mailbox_pb2.Delivery, sort: Sort, said: Said) -> Statement:
    mutation = delivery.mutation
    return Statement(
        ssin=mutation.ssin,
        institution=institutions.from_wire(delivery.sender),
        data_sort=mutation.data_sort,
        status=said.status,
        strand=said.status if sort.several_at_once else "",
        period=said.period,
        cancelled=mutation.kind == exchange_pb2.MUTATION_KIND_CANCELLED,
        ticket=delivery.ticket,
        position=delivery.position,
        amount=said.amount,
    )


def _days(mutation: exchange_pb2.Mutation) -> Period | None:
    """None where the mutation names no days, or none of the calendar."""
    try:
        days = periods.from_wire(mutation.period)
    except ValueError:
        return None
    return None if days.begin == date.min else days
