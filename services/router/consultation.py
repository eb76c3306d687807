"""Consultations from question to answer: look up, decide, write down, ask, strip.

Those that arrive together go together: one lookup, one entry in the ledger for each but one
write, one call to each holder.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from crossroads.ledger.v1 import ledger_pb2
from crossroads.router.v1 import exchange_pb2

from mesh import clock, telemetry, tickets
from mesh.coalescing import Coalescer
from mesh.identity import Caller
from services.router import entries, replies
from services.router.asked import Asked, Reading
from services.router.beyond import Beyond
from services.router.deciding import Decided, Deciding
from services.router.domain import Person
from services.router.outcomes import Outcomes
from services.router.peers import Ledger, Repertory, Suppliers
from services.router.policy_follower import PolicyFollower

MOST_TOGETHER = 256


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
        question = await self._read(request, self._reading(caller))
        decided = await self._together(question)
        answer = await self._answer(decided)
        self._write_outcomes([decided], [answer])
        return answer

    async def batch_consult(
        self, requests: Sequence[exchange_pb2.ConsultRequest], caller: Caller
    ) -> list[exchange_pb2.ConsultResponse]:
        """A batch goes by itself: it is one already."""
        reading = self._reading(caller)
        several: list[Decided] = []
        for each in await self._consult([await self._read(one, reading) for one in requests]):
            if isinstance(each, BaseException):
                raise each
            several.append(each)
        answers = []
        for decided in several:
            with telemetry.span("consult in a batch"):
                answers.append(await self._answer(decided))
        self._write_outcomes(several, answers)
        return answers

    async def explain(
        self, request: exchange_pb2.ConsultRequest, caller: Caller
    ) -> exchange_pb2.ExplainResponse:
        question = await self._read(request, self._reading(caller))
        people = await self._people([question])
        deciding = self._deciding(ledger_pb2.ENTRY_KIND_EXPLANATION)
        decided = deciding.decide(question, people.get(request.ssin), tickets.new())
        await self._ledger.append([decided.entry])
        _note(decided)
        return exchange_pb2.ExplainResponse(ticket=decided.entry.ticket, decision=decided.made.wire)

    def _reading(self, caller: Caller) -> Reading:
        return Reading(caller, self._follower.policy, clock.today())

    async def _read(self, request: exchange_pb2.ConsultRequest, reading: Reading) -> Asked:
        """The question. Who waits for a write waits alone: its token cannot hold up anyone else."""
        question = reading.read(request)
        if request.freshness and question.manner.needs_person:
            person = await self._repertory.person(request.ssin, request.freshness)
            return Asked(request, question.manner, person)
        return question

    def _deciding(self, kind: ledger_pb2.EntryKind.ValueType) -> Deciding:
        return Deciding(kind, clock.now(), self._beyond.home if self._beyond else "")

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
        deciding = self._deciding(ledger_pb2.ENTRY_KIND_CONSULTATION)
        decided = [
            failure
            if failure is not None and each.must_look_up
            else self._decide(each, people, deciding)
            for each in questions
        ]
        if written := [each.entry for each in decided if isinstance(each, Decided)]:
            await self._ledger.append(written)
        return decided

    async def _people(self, questions: Sequence[Asked]) -> dict[str, Person]:
        """By number: those to look up, and those that are known already."""
        needed = [each.request.ssin for each in questions if each.must_look_up]
        return await self._repertory.persons(list(dict.fromkeys(needed))) if needed else {}

    def _decide(self, asked: Asked, people: dict[str, Person], deciding: Deciding) -> Decided:
        """Decide one question, and ask its holders."""
        request, manner = asked.request, asked.manner
        person = people[request.ssin] if asked.must_look_up else asked.person
        decided = deciding.decide(asked, person, tickets.new())
        if not decided.made.asked:
            return decided
        pending = replies.ask(
            self._suppliers,
            decided.entry.ticket,
            decided.replaced_by or request.ssin,
            manner.question.period,
            decided.made.asked,
            manner.policy,
        )
        return decided.with_pending(pending)

    async def _answer(self, decided: Decided) -> exchange_pb2.ConsultResponse:
        _note(decided)
        return exchange_pb2.ConsultResponse(
            ticket=decided.entry.ticket,
            decision=decided.made.wire,
            answers=await self._replies(decided),
            reference=decided.request.reference,
            replaced_by=decided.replaced_by,
            deceased_on=decided.deceased_on,
        )

    async def _replies(self, decided: Decided) -> list[exchange_pb2.HolderAnswer]:
        beyond = None
        if self._beyond and decided.made.beyond:
            beyond = asyncio.ensure_future(self._ask_beyond(self._beyond, decided))
        within = [await each.reply(decided.policy) for each in decided.pending]
        return within if beyond is None else [*within, *await beyond]

    async def _ask_beyond(
        self, beyond: Beyond, decided: Decided
    ) -> list[exchange_pb2.HolderAnswer]:
        parts = decided.made.beyond
        answers = await beyond.ask(
            decided.request, decided.entry.ticket, list(parts), decided.made.wire.chain[:-1]
        )
        for answer in answers:
            replies.strip(answer, parts[answer.data_sort], decided.policy)
        return answers

    def _write_outcomes(
        self, several: Sequence[Decided], answers: Sequence[exchange_pb2.ConsultResponse]
    ) -> None:
        at = clock.now()
        self.outcomes.write(
            [
                entries.outcome(decided.entry, answer.answers, at)
                for decided, answer in zip(several, answers, strict=True)
                if decided.made.is_permitted
            ]
        )


def _note(decided: Decided) -> None:
    telemetry.note(
        crossroads__ticket=decided.entry.ticket,
        crossroads__data_sort=",".join(decided.request.data_sorts),
        crossroads__decision=decided.made.decision.verdict.name,
        crossroads__refusal_reason=decided.made.reasons,
    )
