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
from services.router import ending, entries, replies
from services.router.asked import Asked, Reading
from services.router.asking import Asking
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
        _note(decided)
        answer = exchange_pb2.ConsultResponse()
        await self._answer(decided, answer)
        if decided.made.is_permitted:
            self.outcomes.write([entries.outcome(decided.entry, answer.answers, clock.now())])
        return answer

    async def batch_consult(
        self, requests: Sequence[exchange_pb2.ConsultRequest], caller: Caller
    ) -> exchange_pb2.BatchConsultResponse:
        """A batch goes by itself: it is one already, with a ticket of its own."""
        reading, ticket = self._reading(caller), tickets.new()
        asked = [await self._read(one, reading) for one in requests]
        several: list[Decided] = []
        for each in await self._consult(asked, ticket):
            if isinstance(each, BaseException):
                raise each
            several.append(each)
        telemetry.note(
            crossroads__ticket=ticket,
            crossroads__tickets=" ".join(decided.entry.ticket for decided in several),
        )
        response = exchange_pb2.BatchConsultResponse()
        for decided in several:
            await self._answer(decided, response.consultations.add())
        self.outcomes.write(ending.of_batch(ticket, several, response.consultations, clock.now()))
        return response

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

    def _deciding(self, kind: ledger_pb2.EntryKind.ValueType, batch: str = "") -> Deciding:
        return Deciding(kind, clock.now(), self._beyond.home if self._beyond else "", batch)

    async def _consult(
        self, questions: list[Asked], batch: str = ""
    ) -> Sequence[Decided | BaseException]:
        """Decide and write down; the holders are asked meanwhile and not waited for.

        `batch` is the ticket of the batch that they are. Where the persons cannot be looked up,
        who needs no lookup is answered all the same.
        """
        people: dict[str, Person] = {}
        failure: Exception | None = None
        try:
            people = await self._people(questions)
        except Exception as error:  # noqa: BLE001 - it is the answer to those who need the lookup
            failure = error
        deciding = self._deciding(ledger_pb2.ENTRY_KIND_CONSULTATION, batch)
        asking = Asking(self._suppliers)
        decided = [
            failure
            if failure is not None and each.must_look_up
            else _decide(each, people, deciding, asking)
            for each in questions
        ]
        asking.leave()
        if written := [each.entry for each in decided if isinstance(each, Decided)]:
            await self._ledger.append(written)
        return decided

    async def _people(self, questions: Sequence[Asked]) -> dict[str, Person]:
        """By number: those to look up, and those that are known already."""
        needed = [each.request.ssin for each in questions if each.must_look_up]
        return await self._repertory.persons(list(dict.fromkeys(needed))) if needed else {}

    async def _answer(self, decided: Decided, answer: exchange_pb2.ConsultResponse) -> None:
        answer.ticket = decided.entry.ticket
        answer.decision.CopyFrom(decided.made.wire)
        answer.reference = decided.asked.request.reference
        answer.replaced_by = decided.replaced_by
        answer.deceased_on = decided.deceased_on
        answer.answers.extend(await self._replies(decided))

    async def _replies(self, decided: Decided) -> list[exchange_pb2.HolderAnswer]:
        beyond = None
        if self._beyond and decided.made.beyond:
            beyond = asyncio.ensure_future(self._ask_beyond(self._beyond, decided))
        policy = decided.asked.manner.policy
        within = [await each.reply(policy) for each in decided.owed]
        return within if beyond is None else [*within, *await beyond]

    async def _ask_beyond(
        self, beyond: Beyond, decided: Decided
    ) -> list[exchange_pb2.HolderAnswer]:
        parts = decided.made.beyond
        answers = await beyond.ask(
            decided.asked.request, decided.entry.ticket, list(parts), decided.made.wire.chain[:-1]
        )
        for answer in answers:
            replies.strip(answer, parts[answer.data_sort], decided.asked.manner.policy)
        return answers


def _decide(asked: Asked, people: dict[str, Person], deciding: Deciding, asking: Asking) -> Decided:
    """Decide one question, and note down what its holders are asked."""
    ssin = asked.request.ssin
    person = people[ssin] if asked.must_look_up else asked.person
    decided = deciding.decide(asked, person, tickets.new())
    if not decided.made.asked:
        return decided
    current = decided.replaced_by or ssin
    return decided._replace(owed=asking.add(decided.made.asked, decided.entry.ticket, current))


def _note(decided: Decided) -> None:
    telemetry.note(
        crossroads__ticket=decided.entry.ticket,
        crossroads__data_sort=",".join(decided.asked.request.data_sorts),
        crossroads__decision=decided.made.decision.verdict.name,
        crossroads__refusal_reason=decided.made.reasons,
    )
