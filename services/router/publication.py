"""Publishing: a mutation is checked, kept and receipted; who is told is decided later."""

from __future__ import annotations

import hashlib
from datetime import date, datetime

import grpc
from crossroads.router.v1 import exchange_pb2

from mesh import clock, institutions, periods, telemetry
from mesh.coalescing import Coalescer
from mesh.identity import Caller
from mesh.institutions import Institution
from mesh.refusals import Refusal
from services.router.domain import Policy
from services.router.minimisation import NotThisAttestation, minimise
from services.router.mutation import ReceivedMutation, Stored
from services.router.store import Store

MOST_BYTES = 64 << 10
"""Of one attestation: far more than any has, and little enough for a mailbox to hold many."""


class Publications:
    """Takes mutations in. A request id said twice gives the first ticket."""

    def __init__(self, store: Store) -> None:
        self._keep: Coalescer[ReceivedMutation, Stored] = Coalescer(
            store.receive, name="mutations", most=128
        )

    async def publish(
        self,
        request: exchange_pb2.PublishRequest,
        caller: Caller,
        policy: Policy,
        ticket: str,
        at: datetime,
    ) -> Stored:
        """What is kept. Raises PERMISSION_DENIED, INVALID_ARGUMENT or ALREADY_EXISTS."""
        sender = sender_of(request, caller, policy, clock.today())
        _check(request.mutation, sender, policy)
        content = request.mutation.SerializeToString(deterministic=True)
        received = ReceivedMutation(
            ticket,
            request.mutation.ssin,
            sender,
            caller.identity.path,
            request.request_id,
            hashlib.sha256(content).digest(),
            content,
            telemetry.traceparent(),
            at,
        )
        kept = await self._keep(received)
        if kept.digest != received.digest:
            raise Refusal(grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")
        return kept


def sender_of(
    request: exchange_pb2.PublishRequest, caller: Caller, policy: Policy, on: date
) -> Institution:
    """Raises PERMISSION_DENIED where the caller speaks for no such institution on that day."""
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
