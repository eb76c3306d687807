"""What is announced: who may announce it and in which form, before it is kept."""

from __future__ import annotations

import hashlib
from datetime import date, datetime

import grpc
from crossroads.router.v1 import exchange_pb2

from mesh import clock, institutions, periods, telemetry
from mesh.identity import Caller
from mesh.institutions import Institution
from mesh.refusals import Refusal
from services.router import refusals
from services.router.domain import Policy
from services.router.minimisation import NotThisAttestation, minimise
from services.router.mutation import ReceivedMutation

MOST_BYTES = 64 << 10
"""Of one attestation: far more than any has, and little enough for a mailbox to hold many."""


def received(
    request: exchange_pb2.PublishRequest,
    caller: Caller,
    policy: Policy,
    ticket: str,
    at: datetime,
) -> ReceivedMutation:
    """What is to be kept, in the span of now. Raises PERMISSION_DENIED or INVALID_ARGUMENT."""
    mutation = request.mutation
    refusals.check_ssin(mutation.ssin, "mutation.ssin")
    sender = _sender(request, caller, policy, at.astimezone(clock.BRUSSELS).date())
    _check(mutation, sender, policy)
    telemetry.note(crossroads__data_sort=mutation.data_sort)
    content = mutation.SerializeToString(deterministic=True)
    return ReceivedMutation(
        ticket,
        mutation.ssin,
        sender,
        caller.identity.path,
        request.request_id,
        hashlib.sha256(content).digest(),
        content,
        telemetry.traceparent(),
        at,
    )


def _sender(
    request: exchange_pb2.PublishRequest, caller: Caller, policy: Policy, on: date
) -> Institution:
    spoken_for = policy.speaking(caller.principal.path, on)
    if request.HasField("sender"):
        sender = institutions.from_wire(request.sender)
        if sender in spoken_for:
            return sender
    elif len(spoken_for) == 1:
        return spoken_for[0]
    raise _not_the_holder(request.mutation.data_sort)


def _check(mutation: exchange_pb2.Mutation, sender: Institution, policy: Policy) -> None:
    holdings = policy.availabilities.get(mutation.data_sort, ())
    held = [holding for holding in holdings if holding.holder == sender]
    if not held:
        raise _not_the_holder(mutation.data_sort)
    if len(mutation.attestation.value) > MOST_BYTES:
        raise Refusal(
            grpc.StatusCode.INVALID_ARGUMENT,
            "ATTESTATION_TOO_LARGE",
            metadata={"most_bytes": str(MOST_BYTES)},
            violations=[("mutation.attestation", f"is over {MOST_BYTES} bytes")],
        )
    try:
        minimise(mutation.attestation, held[0].attestation, frozenset())
    except NotThisAttestation as error:
        raise Refusal(
            grpc.StatusCode.INVALID_ARGUMENT,
            "WRONG_ATTESTATION",
            metadata={"attestation": held[0].attestation},
            violations=[("mutation.attestation", "is not the message of this sort of data")],
        ) from error
    try:
        periods.from_wire(mutation.period)
    except ValueError as error:
        raise Refusal(
            grpc.StatusCode.INVALID_ARGUMENT,
            "PERIOD_IMPOSSIBLE",
            violations=[("mutation.period", "has a day that does not exist")],
        ) from error


def _not_the_holder(data_sort: str) -> Refusal:
    return Refusal(
        grpc.StatusCode.PERMISSION_DENIED, "NOT_THE_HOLDER", metadata={"data_sort": data_sort}
    )
