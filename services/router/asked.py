"""A question as it was asked: by whom, for which period, in the words of the decision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import grpc
from crossroads.router.v1 import exchange_pb2, mailbox_pb2

from mesh import institutions, periods
from mesh.identity import Caller
from mesh.institutions import Institution
from mesh.periods import Period
from mesh.refusals import Refusal
from services.router import decision, refusals, wire
from services.router.domain import Person, Policy, Question


@dataclass(frozen=True, slots=True)
class Asked:
    """One consultation before anything about the person is looked at.

    `needs_person` says whether deciding must look her up. `person` is known already where the
    caller waited for a write of its own.
    """

    request: exchange_pb2.ConsultRequest
    caller: Caller
    question: Question
    policy: Policy
    on: date
    needs_person: bool
    person: Person | None = None


def read(request: exchange_pb2.ConsultRequest, caller: Caller, policy: Policy, on: date) -> Asked:
    """Raises INVALID_ARGUMENT or PERMISSION_DENIED for what no policy can answer."""
    refusals.check_chain(request, caller)
    asker = asker_of(request, caller, policy)
    question = wire.question(request, asker, period_of(request))
    needs_person = decision.needs_person(question, policy, on)
    return Asked(request, caller, question, policy, on, needs_person)


def asker_of(
    request: exchange_pb2.ConsultRequest, caller: Caller, policy: Policy
) -> Institution | None:
    """The institution that asks: the caller's own or a member it manages; None where it is none."""
    spoken_for = policy.speakers.get(caller.principal.path, ())
    if not request.HasField("on_behalf_of"):
        return spoken_for[0] if len(spoken_for) == 1 else None
    member = institutions.from_wire(request.on_behalf_of)
    manages = any(own.number == 0 and own.sector == member.sector for own in spoken_for)
    return member if member in spoken_for or manages else None


def period_of(
    request: exchange_pb2.ConsultRequest | mailbox_pb2.RequestFirstDeliveryRequest,
) -> Period:
    """Raises INVALID_ARGUMENT for a day that is not in the calendar."""
    try:
        return periods.from_wire(request.period)
    except ValueError as error:
        raise Refusal(
            grpc.StatusCode.INVALID_ARGUMENT,
            "PERIOD_IMPOSSIBLE",
            violations=[("period", "has a day that does not exist, or ends before it begins")],
        ) from error
