"""A question as it was asked: by whom, for which period, in the words of the decision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import grpc
from crossroads.router.v1 import exchange_pb2, mailbox_pb2

from mesh import institutions, periods
from mesh.identity import Caller
from mesh.institutions import Institution
from mesh.periods import Period
from mesh.refusals import Refusal
from services.router import decision, refusals, wire
from services.router.domain import Person, Policy, Question


@dataclass(frozen=True, slots=True, eq=False)
class Manner:
    """All of a question but the person; those asked in one manner share one.

    `needs_person` says whether deciding must look the person up.
    """

    caller: Caller
    question: Question
    policy: Policy
    on: date
    needs_person: bool
    chain: tuple[str, ...] = ()


class Asked(NamedTuple):
    """One consultation before anything about the person is looked at.

    `person` is known already where the caller waited for a write of its own.
    """

    request: exchange_pb2.ConsultRequest
    manner: Manner
    person: Person | None = None

    @property
    def must_look_up(self) -> bool:
        return self.manner.needs_person and self.person is None


class Reading:
    """Reads what one caller asks at once; most of it is asked in few manners."""

    def __init__(self, caller: Caller, policy: Policy, on: date) -> None:
        self._caller = caller
        self._policy = policy
        self._on = on
        self._manners: dict[tuple[object, ...], Manner] = {}

    def read(self, request: exchange_pb2.ConsultRequest) -> Asked:
        """Raises INVALID_ARGUMENT or PERMISSION_DENIED for what no policy can answer."""
        key = _key(request)
        manner = self._manners.get(key)
        if manner is None:
            manner = self._manners[key] = self._manner(request)
        return Asked(request, manner)

    def _manner(self, request: exchange_pb2.ConsultRequest) -> Manner:
        caller, policy, on = self._caller, self._policy, self._on
        asker = asker_of(request, caller, policy, on)
        refusals.check_chain(request.chain, caller, asker, policy, on)
        question = wire.question(request, asker, period_of(request))
        needs_person = decision.needs_person(question, policy, on)
        return Manner(caller, question, policy, on, needs_person, tuple(request.chain))


def _key(request: exchange_pb2.ConsultRequest) -> tuple[object, ...]:
    """All that a request says but the person, her freshness and the caller's own reference."""
    period, member = request.period, None
    if request.HasField("on_behalf_of"):
        member = (request.on_behalf_of.sector, request.on_behalf_of.number)
    return (
        tuple(request.data_sorts),
        request.quality,
        period.begin,
        period.end,
        request.purpose,
        member,
        tuple(request.chain),
    )


def asker_of(
    request: exchange_pb2.ConsultRequest, caller: Caller, policy: Policy, on: date
) -> Institution | None:
    """The institution that asks: the caller's own or a member it manages; None where it is none."""
    spoken_for = policy.speaking(caller.principal.path, on)
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
