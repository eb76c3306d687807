"""First delivery: what stands now is put into the mailbox of who came to know the person late."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import grpc
import structlog
from crossroads.ledger.v1 import ledger_pb2
from crossroads.router.v1 import exchange_pb2, mailbox_pb2

from mesh import clock, periods, telemetry, tickets, written
from mesh.identity import Caller
from mesh.institutions import Institution
from mesh.periods import Period
from mesh.refusals import Refusal
from services.router import decision, delivery, replies, telling, wire
from services.router.asked import period_of
from services.router.domain import DataSortDecision, Decision, Policy, Question, Use, Verdict
from services.router.mailbox.domain import Mode
from services.router.mailbox.first_store import Asked, FirstDeliveryStore, Outcome, Overtaken
from services.router.mutation import Addressed
from services.router.peers import Ledger, Repertory, Suppliers
from services.router.policy_follower import PolicyFollower

LOG = structlog.get_logger()
MOST_TRIES = 3
Request = mailbox_pb2.RequestFirstDeliveryRequest


@dataclass(frozen=True, slots=True)
class Plan:
    """A first delivery as decided: about whom, under which number of hers now, and for whom."""

    asked: Asked
    ssin: str
    current: str
    period: Period
    policy: Policy
    decision: Decision

    @property
    def permitted(self) -> list[DataSortDecision]:
        return [part for part in self.decision.data_sorts if part.verdict is Verdict.PERMITTED]


@dataclass(frozen=True, slots=True)
class Answered:
    """What one holder answered, stripped of what the recipient may not have."""

    part: DataSortDecision
    holder: Institution
    answer: exchange_pb2.HolderAnswer


class FirstDeliveries:
    """Delivers what stands. A request id said twice gives the first answer."""

    def __init__(
        self,
        store: FirstDeliveryStore,
        follower: PolicyFollower,
        repertory: Repertory,
        ledger: Ledger,
        suppliers: Suppliers,
    ) -> None:
        self._store = store
        self._follower = follower
        self._repertory = repertory
        self._ledger = ledger
        self._suppliers = suppliers

    async def deliver(
        self, request: Request, caller: Caller, mailbox: Institution
    ) -> mailbox_pb2.RequestFirstDeliveryResponse:
        """Raises INVALID_ARGUMENT, ALREADY_EXISTS or UNAVAILABLE; then nothing was delivered."""
        period = period_of(request)
        asked = await self._store.ask(
            mailbox, request.request_id, _digest(request), tickets.new(), clock.now()
        )
        if asked.digest != _digest(request):
            raise Refusal(grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")
        answer = asked.answer
        for _ in range(MOST_TRIES):
            if answer is not None:
                return mailbox_pb2.RequestFirstDeliveryResponse.FromString(answer)
            answer = await self._try(request, caller, asked, period)
        if answer is None:
            raise Refusal(grpc.StatusCode.UNAVAILABLE, "FIRST_DELIVERY_OVERTAKEN", retry_after=1.0)
        return mailbox_pb2.RequestFirstDeliveryResponse.FromString(answer)

    async def _try(
        self, request: Request, caller: Caller, asked: Asked, period: Period
    ) -> bytes | None:
        """The answer that counts; None where a change came in between, and all is to be redone.

        The decisions are in the ledger before the mailbox holds anything. What an attempt wrote
        there that came to nothing stays before what the next one writes.
        """
        after = await self._store.last_position(asked.institution)
        plan = await self._decide(request, asked, period)
        told = _entries(plan, caller, tickets.new(), clock.now())
        answered, _ = await asyncio.gather(
            self._ask_holders(plan),
            self._ledger.write([list(told.values())]),
        )
        signal = await self._store.signals_only(asked.institution, Mode.SIGNAL.value)
        at = clock.now()
        addressed = [
            Addressed(
                asked.institution,
                plan.current,
                one.SerializeToString(),
                told[one.mutation.data_sort].entry_id,
            )
            for each in answered
            for one in _deliveries(plan, each, at, signal=signal)
        ]
        outcome = Outcome(
            frozenset({plan.ssin, plan.current}),
            addressed,
            written.of(told.values()),
            [told[part.data_sort].entry_id for part in plan.permitted],
            _answer(plan, answered, len(addressed)).SerializeToString(),
        )
        try:
            return await self._store.deliver(asked, outcome, after, at, delivery.number)
        except Overtaken:
            LOG.info("a first delivery is made again", ticket=asked.ticket)
            return None

    async def _decide(self, request: Request, asked: Asked, period: Period) -> Plan:
        policy, today = self._follower.policy, clock.today()
        question = Question(asked.institution, tuple(request.data_sorts), period, Use.DISTRIBUTION)
        person = None
        if decision.needs_person(question, policy, today):
            person = await self._repertory.person(request.ssin, request.freshness)
        return Plan(
            asked,
            request.ssin,
            (person.replaced_by if person else "") or request.ssin,
            period,
            policy,
            decision.decide(question, policy, person, today),
        )

    async def _ask_holders(self, plan: Plan) -> list[Answered]:
        asked = replies.ask(
            self._suppliers,
            plan.asked.ticket,
            plan.current,
            plan.period,
            replies.within(plan.decision, plan.policy, but=plan.asked.institution),
            plan.policy,
        )
        return [Answered(one.part, one.holder, await one.reply(plan.policy)) for one in asked]


def _digest(request: Request) -> bytes:
    """Of what is asked: a later token of freshness asks for the same."""
    content = Request()
    content.CopyFrom(request)
    content.ClearField("freshness")
    return hashlib.sha256(content.SerializeToString(deterministic=True)).digest()


def _entries(plan: Plan, caller: Caller, attempt: str, at: datetime) -> dict[str, ledger_pb2.Entry]:
    """Sort of data > the entry of the decision on it."""
    return {
        part.data_sort: telling.first_delivery(
            plan.asked.ticket,
            caller,
            plan.asked.institution,
            plan.ssin,
            periods.to_wire(plan.period),
            replace(plan.decision, data_sorts=(part,)),
            attempt,
            at,
        )
        for part in plan.decision.data_sorts
    }


def _deliveries(
    plan: Plan, answered: Answered, at: datetime, *, signal: bool
) -> Sequence[mailbox_pb2.Delivery]:
    """One for each attestation."""
    return [
        delivery.delivery(
            plan.asked.ticket,
            exchange_pb2.Mutation(
                ssin=plan.current,
                data_sort=answered.part.data_sort,
                kind=exchange_pb2.MUTATION_KIND_CREATED,
                period=periods.to_wire(plan.period),
                attestation=attestation,
            ),
            answered.holder,
            answered.part,
            plan.policy,
            at,
            signal=signal,
            traceparent=telemetry.traceparent(),
            first_delivery=True,
        )
        for attestation in answered.answer.attestations
    ]


def _answer(
    plan: Plan, answered: Sequence[Answered], delivered: int
) -> mailbox_pb2.RequestFirstDeliveryResponse:
    answer = mailbox_pb2.RequestFirstDeliveryResponse(
        ticket=plan.asked.ticket,
        decision=wire.decision(plan.decision),
        answers=[each.answer for each in answered],
        delivered=delivered,
    )
    for each in answer.answers:
        each.ClearField("attestations")
    return answer
