"""What is put into a mailbox: a mutation as its recipient may have it."""

from __future__ import annotations

from datetime import datetime

import structlog
from crossroads.router.v1 import exchange_pb2, mailbox_pb2

from mesh import clock, institutions
from mesh.institutions import Institution
from services.router.domain import DataSortDecision, Policy
from services.router.minimisation import NotThisAttestation, minimise

LOG = structlog.get_logger()


def delivery(
    ticket: str,
    mutation: exchange_pb2.Mutation,
    sender: Institution,
    part: DataSortDecision,
    policy: Policy,
    at: datetime,
    *,
    signal: bool,
    traceparent: str,
    first_delivery: bool = False,
) -> mailbox_pb2.Delivery:
    """The delivery, without its position."""
    made = content(
        ticket,
        mutation,
        sender,
        part,
        policy,
        at,
        signal=signal,
        traceparent=traceparent,
        first_delivery=first_delivery,
    )
    made.authorization = part.grounds[0].id
    return made


def content(
    ticket: str,
    mutation: exchange_pb2.Mutation,
    sender: Institution,
    part: DataSortDecision,
    policy: Policy,
    at: datetime,
    *,
    signal: bool,
    traceparent: str,
    first_delivery: bool = False,
) -> mailbox_pb2.Delivery:
    """What all have who may have the same fields. A signal goes without its attestation.

    So does what cannot be minimised, because the sort of data has another attestation by now:
    nothing leaves unseen, and nothing that was receipted is lost or holds up what follows.
    """
    attestation = policy.availabilities[part.data_sort][0].attestation
    stripped = exchange_pb2.Mutation()
    stripped.CopyFrom(mutation)
    stripped.ClearField("attestation")
    if not signal:
        try:
            kept = minimise(mutation.attestation, attestation, part.fields)
            stripped.attestation.CopyFrom(kept)
        except NotThisAttestation:
            LOG.error("delivered without its attestation", ticket=ticket, data_sort=part.data_sort)
    return mailbox_pb2.Delivery(
        ticket=ticket,
        mutation=stripped,
        sender=institutions.to_wire(sender),
        delivered_at=clock.rfc3339(at),
        traceparent=traceparent,
        first_delivery=first_delivery,
    )


def authorization(part: DataSortDecision) -> bytes:
    """To put behind a serialised content: on which authorization it is delivered."""
    return mailbox_pb2.Delivery(authorization=part.grounds[0].id).SerializeToString()


def number(serialised: bytes, position: int) -> bytes:
    """The delivery with its position: protobuf reads fields in any order, so it is put behind."""
    return serialised + mailbox_pb2.Delivery(position=position).SerializeToString()
