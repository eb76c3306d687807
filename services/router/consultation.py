"""A consultation from question to answer: look up, decide, write down, ask, strip."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import grpc
import structlog
from crossroads.ledger.v1 import ledger_pb2
from crossroads.router.v1 import exchange_pb2, mailbox_pb2, supplier_pb2

from mesh import clock, institutions, periods, telemetry, tickets
from mesh.identity import Caller
from mesh.institutions import Institution
from mesh.periods import Period
from mesh.refusals import Refusal
from services.router import decision, entries, wire
from services.router.domain import DataSortDecision, Decision, Person, Policy, Verdict
from services.router.minimisation import NotThisAttestation, minimise
from services.router.peers import Ledger, Repertory, Suppliers
from services.router.policy_follower import PolicyFollower

LOG = structlog.get_logger()
MOST_OUTCOMES = 5_000
OUTCOMES_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class Decided:
    """A question that has been decided, with what deciding it read."""

    ticket: str
    asker: Institution | None
    period: Period
    policy: Policy
    person: Person | None
    decision: Decision


class Consultations:
    """Answers consultations. The decision is durable in the ledger before any data leave."""

    def __init__(
        self, follower: PolicyFollower, repertory: Repertory, ledger: Ledger, suppliers: Suppliers
    ) -> None:
        self._follower = follower
        self._repertory = repertory
        self._ledger = ledger
        self._suppliers = suppliers
        self._outcomes: set[asyncio.Future[int]] = set()

    async def consult(
        self, request: exchange_pb2.ConsultRequest, caller: Caller
    ) -> exchange_pb2.ConsultResponse:
        decided = await self._decide(request, caller)
        entry = self._entry(ledger_pb2.ENTRY_KIND_CONSULTATION, decided, request, caller)
        if decided.decision.verdict is Verdict.PERMITTED:
            written = asyncio.ensure_future(self._ledger.append(entry))
            answers, _ = await asyncio.gather(self._ask_holders(decided, request.ssin), written)
            self._write_outcome(entries.outcome(entry, answers, clock.now()))
        else:
            answers = []
            await self._ledger.append(entry)
        return exchange_pb2.ConsultResponse(
            ticket=decided.ticket,
            decision=wire.decision(decided.decision),
            answers=answers,
            reference=request.reference,
            replaced_by=_replaced_by(decided),
        )

    async def explain(
        self, request: exchange_pb2.ConsultRequest, caller: Caller
    ) -> exchange_pb2.ExplainResponse:
        decided = await self._decide(request, caller)
        await self._ledger.append(
            self._entry(ledger_pb2.ENTRY_KIND_EXPLANATION, decided, request, caller)
        )
        return exchange_pb2.ExplainResponse(
            ticket=decided.ticket, decision=wire.decision(decided.decision)
        )

    async def write_outcomes(self) -> None:
        """Outcomes ride with the decisions that follow; where none follows, they leave here."""
        while True:
            await asyncio.sleep(OUTCOMES_EVERY_S)
            self._ledger.append.flush()

    async def drain(self) -> None:
        """Wait until every outcome is written."""
        self._ledger.append.flush()
        await asyncio.gather(*self._outcomes, return_exceptions=True)

    async def _decide(self, request: exchange_pb2.ConsultRequest, caller: Caller) -> Decided:
        policy, ticket, today = self._follower.policy, tickets.new(), clock.today()
        asker, period = asker_of(request, caller, policy), period_of(request)
        question = wire.question(request, asker, period)
        person = None
        if decision.needs_person(question, policy, today):
            person = await self._repertory.person(request.ssin, request.freshness)
        decided = decision.decide(question, policy, person, today)
        telemetry.note(
            crossroads__ticket=ticket,
            crossroads__data_sort=",".join(request.data_sorts),
            crossroads__decision=decided.verdict.name,
            crossroads__refusal_reason=entries.reasons(decided),
        )
        return Decided(ticket, asker, period, policy, person, decided)

    @staticmethod
    def _entry(
        kind: ledger_pb2.EntryKind.ValueType,
        decided: Decided,
        request: exchange_pb2.ConsultRequest,
        caller: Caller,
    ) -> ledger_pb2.Entry:
        return entries.consultation(
            kind, decided.ticket, caller, decided.asker, request, decided.decision, clock.now()
        )

    async def _ask_holders(self, decided: Decided, ssin: str) -> list[exchange_pb2.HolderAnswer]:
        current = _replaced_by(decided) or ssin
        return list(
            await asyncio.gather(
                *(
                    self._ask_holder(decided, part, holder, current)
                    for part in decided.decision.data_sorts
                    if part.verdict is Verdict.PERMITTED
                    for holder in part.holders
                )
            )
        )

    async def _ask_holder(
        self, decided: Decided, part: DataSortDecision, holder: Institution, ssin: str
    ) -> exchange_pb2.HolderAnswer:
        question = wire.supplier_question(
            decided.ticket, ssin, part.data_sort, decided.period, holder
        )
        answer = await self._suppliers.ask(decided.policy.institutions[holder], question)
        kept = stripped(answer, part, decided.policy)
        return exchange_pb2.HolderAnswer(
            data_sort=part.data_sort,
            holder=institutions.to_wire(holder),
            status=kept.status,
            attestations=kept.attestations,
        )

    def _write_outcome(self, entry: ledger_pb2.Entry) -> None:
        """The outcome follows the answer; what waits is bounded."""
        if len(self._outcomes) >= MOST_OUTCOMES:
            LOG.error("an outcome is not written: too many wait", ticket=entry.ticket)
            return
        try:
            written = self._ledger.append.ride(entry)
        except Refusal as refusal:
            LOG.error("an outcome is not written", ticket=entry.ticket, reason=refusal.reason)
            return
        self._outcomes.add(written)
        written.add_done_callback(self._outcome_written)

    def _outcome_written(self, written: asyncio.Future[int]) -> None:
        self._outcomes.discard(written)
        if not written.cancelled() and isinstance(failure := written.exception(), Refusal):
            LOG.error("an outcome is not written", reason=failure.reason)


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


def stripped(
    answer: supplier_pb2.Answer, part: DataSortDecision, policy: Policy
) -> supplier_pb2.Answer:
    """The answer with only what may be given; one that is not what was asked for is no answer."""
    attestation = policy.availabilities[part.data_sort][0].attestation
    try:
        kept = [minimise(packed, attestation, part.fields) for packed in answer.attestations]
    except NotThisAttestation:
        LOG.error("a holder gave another attestation than asked for", data_sort=part.data_sort)
        return supplier_pb2.Answer(status=exchange_pb2.ANSWER_STATUS_UNAVAILABLE)
    return supplier_pb2.Answer(status=answer.status, attestations=kept)


def _replaced_by(decided: Decided) -> str:
    """Only who may know of the person learns that the number was replaced."""
    if decided.person is None or decided.decision.verdict is Verdict.REFUSED:
        return ""
    return decided.person.replaced_by
