"""Consultations from question to answer: look up, decide, write down, ask, strip.

Those that arrive together go together: one lookup, one entry in the ledger for each but one
write, one call to each holder.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from crossroads.ledger.v1 import ledger_pb2
from crossroads.router.v1 import decision_pb2, exchange_pb2

from mesh import clock, telemetry, tickets
from mesh.coalescing import Coalescer
from mesh.identity import Caller
from services.router import asked, decision, entries, network, replies, wire
from services.router.asked import Asked
from services.router.beyond import Beyond
from services.router.domain import DataSortDecision, Decision, Person, Policy, Verdict
from services.router.outcomes import Outcomes
from services.router.peers import Ledger, Repertory, Suppliers
from services.router.policy_follower import PolicyFollower
from services.router.replies import Pending

MOST_TOGETHER = 256


@dataclass(frozen=True, slots=True)
class Decided:
    """A question that has been decided and written down, and the holders that were asked."""

    asked: Asked
    person: Person | None
    decision: Decision
    wire: decision_pb2.Decision
    entry: ledger_pb2.Entry
    pending: Sequence[Pending] = ()

    @property
    def replaced_by(self) -> str:
        """Only who may know of the person learns that the number was replaced."""
        if self.person is None or self.decision.verdict is Verdict.REFUSED:
            return ""
        return self.person.replaced_by

    @property
    def deceased_on(self) -> str:
        """Only who may know of the person learns that she died."""
        if self.person is None or self.decision.verdict is Verdict.REFUSED:
            return ""
        return self.person.deceased_on.isoformat() if self.person.deceased_on else ""


class Consultations:
    """Answers consultations. The decision is durable in the ledger before any data leave."""

    def __init__(
        self,
        follower: PolicyFollower,
        repertory: Repertory,
        ledger: Ledger,
        suppliers: Suppliers,
        beyond: Beyond | None = None,
    ) -> None:
        self._follower = follower
        self._repertory = repertory
        self._ledger = ledger
        self._suppliers = suppliers
        self._beyond = beyond
        self.outcomes = Outcomes(ledger)
        self._together: Coalescer[Asked, Decided] = Coalescer(
            self._consult, name="consultations", most=MOST_TOGETHER, in_flight=2
        )

    async def consult(
        self, request: exchange_pb2.ConsultRequest, caller: Caller
    ) -> exchange_pb2.ConsultResponse:
        return await self._answer(await self._together(await self._read(request, caller)))

    async def batch_consult(
        self, requests: Sequence[exchange_pb2.ConsultRequest], caller: Caller
    ) -> list[exchange_pb2.ConsultResponse]:
        """A batch goes by itself: it is one already."""
        decided = await self._consult([await self._read(each, caller) for each in requests])
        answers = []
        for each in decided:
            if isinstance(each, BaseException):
                raise each
            with telemetry.span("consult in a batch"):
                answers.append(await self._answer(each))
        return answers

    async def explain(
        self, request: exchange_pb2.ConsultRequest, caller: Caller
    ) -> exchange_pb2.ExplainResponse:
        question = await self._read(request, caller)
        people = await self._people([question])
        decided = self._decide(question, people, ledger_pb2.ENTRY_KIND_EXPLANATION, clock.now())
        await self._ledger.append(decided.entry)
        _note(decided)
        return exchange_pb2.ExplainResponse(ticket=decided.entry.ticket, decision=decided.wire)

    async def _read(self, request: exchange_pb2.ConsultRequest, caller: Caller) -> Asked:
        """The question. Who waits for a write waits alone: its token cannot hold up anyone else."""
        question = asked.read(request, caller, self._follower.policy, clock.today())
        if request.freshness and question.needs_person:
            person = await self._repertory.person(request.ssin, request.freshness)
            return replace(question, person=person)
        return question

    async def _consult(self, questions: list[Asked]) -> Sequence[Decided | BaseException]:
        """Decide and write down; the holders are asked meanwhile and not waited for.

        Where the persons cannot be looked up, who needs no lookup is answered all the same.
        """
        people: dict[str, Person] = {}
        failure: Exception | None = None
        try:
            people = await self._people(questions)
        except Exception as error:  # noqa: BLE001 - it is the answer to those who need the lookup
            failure = error
        at = clock.now()
        decided = [
            failure
            if failure is not None and _to_look_up(each)
            else self._decide(each, people, ledger_pb2.ENTRY_KIND_CONSULTATION, at)
            for each in questions
        ]
        await self._ledger.append.together(
            [each.entry for each in decided if isinstance(each, Decided)]
        )
        return decided

    async def _people(self, questions: Sequence[Asked]) -> dict[str, Person]:
        needed = [each.request.ssin for each in questions if _to_look_up(each)]
        return await self._repertory.persons(list(dict.fromkeys(needed))) if needed else {}

    def _decide(
        self,
        asked: Asked,
        people: dict[str, Person],
        kind: ledger_pb2.EntryKind.ValueType,
        at: datetime,
    ) -> Decided:
        request, caller, policy = asked.request, asked.caller, asked.policy
        person = people[request.ssin] if _to_look_up(asked) else asked.person
        ticket = tickets.new()
        made = decision.decide(asked.question, policy, person, asked.on)
        chain = entries.chain(caller, asked.question.asker, request.chain)
        if self._beyond and _asked_beyond(made, policy):
            chain = [*(chain or [caller.identity.path]), self._beyond.home]
        on_wire = wire.decision(made, chain)
        entry = entries.consultation(
            kind, ticket, caller, asked.question.asker, request, made, on_wire, at
        )
        decided = Decided(asked, person, made, on_wire, entry)
        if kind == ledger_pb2.ENTRY_KIND_EXPLANATION or made.verdict is Verdict.REFUSED:
            return decided
        current = decided.replaced_by or request.ssin
        pending = replies.ask(self._suppliers, ticket, current, asked.question.period, made, policy)
        return replace(decided, pending=pending)

    async def _answer(self, decided: Decided) -> exchange_pb2.ConsultResponse:
        _note(decided)
        answers: list[exchange_pb2.HolderAnswer] = []
        if decided.decision.verdict is Verdict.PERMITTED:
            answers = await self._replies(decided)
            self.outcomes.write(entries.outcome(decided.entry, answers, clock.now()))
        return exchange_pb2.ConsultResponse(
            ticket=decided.entry.ticket,
            decision=decided.wire,
            answers=answers,
            reference=decided.asked.request.reference,
            replaced_by=decided.replaced_by,
            deceased_on=decided.deceased_on,
        )

    async def _replies(self, decided: Decided) -> list[exchange_pb2.HolderAnswer]:
        policy = decided.asked.policy
        parts = _asked_beyond(decided.decision, policy) if self._beyond else {}
        beyond = asyncio.ensure_future(self._ask_beyond(decided, parts)) if parts else None
        within = [await each.reply(policy) for each in decided.pending]
        return within if beyond is None else [*within, *await beyond]

    async def _ask_beyond(
        self, decided: Decided, parts: dict[str, DataSortDecision]
    ) -> list[exchange_pb2.HolderAnswer]:
        assert self._beyond is not None
        answers = await self._beyond.ask(
            decided.asked.request, decided.entry.ticket, list(parts), decided.wire.chain[:-1]
        )
        for answer in answers:
            replies.strip(answer, parts[answer.data_sort], decided.asked.policy)
        return answers


def _to_look_up(question: Asked) -> bool:
    return question.needs_person and question.person is None


def _asked_beyond(decided: Decision, policy: Policy) -> dict[str, DataSortDecision]:
    """The sorts of data that may be given and for which the primary hub is asked."""
    return {part.data_sort: part for part in decided.data_sorts if network.beyond_of(part, policy)}


def _note(decided: Decided) -> None:
    telemetry.note(
        crossroads__ticket=decided.entry.ticket,
        crossroads__data_sort=",".join(decided.asked.request.data_sorts),
        crossroads__decision=decided.decision.verdict.name,
        crossroads__refusal_reason=entries.reasons(decided.decision),
    )
