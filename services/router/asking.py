"""Asking holders: what a group of consultations asks of one leaves in one call."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from crossroads.router.v1 import exchange_pb2, supplier_pb2

from mesh import deadlines
from mesh.institutions import Institution
from mesh.periods import Period
from services.router import replies, wire
from services.router.domain import DataSortDecision, Decision, InstitutionRecord, Policy
from services.router.holder import LATE
from services.router.peers import Suppliers

MOST_WAIT_S = 4.0
"""For one holder, in its queue and by itself, where the caller names no deadline."""
TO_ANSWER_S = 0.05
"""Kept of a caller's time to bring it the answers that are there."""


class Holding(NamedTuple):
    """A holder of what is permitted, and the question to it, but for person and ticket."""

    part: DataSortDecision
    holder: Institution
    record: InstitutionRecord
    question: supplier_pb2.Question


def holdings(decided: Decision, policy: Policy, period: Period) -> list[Holding]:
    """Of all on whom it is decided so; within this network."""
    return [
        Holding(
            part,
            holder,
            policy.institutions[holder],
            wire.supplier_question("", "", part.data_sort, period, holder),
        )
        for part, holder in replies.within(decided, policy)
    ]


@dataclass(slots=True)
class Sheet:
    """Questions to one holder, and its answers once they have left."""

    record: InstitutionRecord
    questions: list[supplier_pb2.Question] = field(default_factory=list)
    answers: asyncio.Future[Sequence[supplier_pb2.Answer]] | None = None


class Owed(NamedTuple):
    """A holder's answer to one question."""

    holding: Holding
    sheet: Sheet
    place: int

    async def reply(self, policy: Policy) -> exchange_pb2.HolderAnswer:
        """Once it is there, stripped, or LATE while the caller still waits for the others.

        The questions must have left. Whoever gives up waiting takes nothing from those who wait
        for the same call.
        """
        answers = self.sheet.answers
        assert answers is not None
        if not answers.done():
            left = deadlines.within(MOST_WAIT_S) - TO_ANSWER_S
            await asyncio.wait([answers], timeout=max(0.0, left))
        given = answers.result()[self.place] if answers.done() else LATE
        return replies.replied(self.holding.part, self.holding.holder, given, policy)


class Asking:
    """The questions of one group. None is waited for, so no holder holds up those of another."""

    def __init__(self, suppliers: Suppliers) -> None:
        self._suppliers = suppliers
        self._sheets: dict[tuple[str, str], Sheet] = {}

    def add(self, asked: Sequence[Holding], ticket: str, ssin: str) -> list[Owed]:
        """Note a person's questions down."""
        owed = []
        for holding in asked:
            record = holding.record
            key = record.supplier_address, record.supplier_name
            sheet = self._sheets.get(key)
            if sheet is None:
                sheet = self._sheets[key] = Sheet(record)
            question = supplier_pb2.Question()
            question.CopyFrom(holding.question)
            question.ticket = ticket
            question.ssin = ssin
            owed.append(Owed(holding, sheet, len(sheet.questions)))
            sheet.questions.append(question)
        return owed

    def leave(self) -> None:
        """Ask each holder all that stands on its sheet."""
        for sheet in self._sheets.values():
            sheet.answers = self._suppliers.ask_together(sheet.record, sheet.questions)
