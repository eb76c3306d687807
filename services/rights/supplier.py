"""The engine as a holder: it answers the network on the rights it granted and what they rest on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crossroads.attestations.v1 import statuses_pb2
from crossroads.router.v1 import exchange_pb2, supplier_pb2, supplier_pb2_grpc
from google.protobuf import any_pb2
from google.protobuf.message import Message

from mesh import clock, institutions, periods
from services.rights import harmonised, waivers, wire
from services.rights.domain import Decision, Statement
from services.rights.harmonised import Ranked
from services.rights.rulebook import Rulebook
from services.rights.store import Store
from services.rights.waiver_store import WaiverStore
from services.rights.waivers import Waiver

Context = Any


@dataclass(frozen=True, slots=True)
class Held:
    """All that may be asked about some persons."""

    standing: Sequence[Decision]
    waived: Sequence[Waiver]
    said: Sequence[Statement]


class Supplier(supplier_pb2_grpc.SupplierServicer):
    """Supplies each right as the sort of data that bears its name; only the router may call it.

    On the days on which a person does without a right, it is not there. The statuses on which
    a right rests are a sort of data of their own.
    """

    def __init__(
        self,
        rulebook: Rulebook,
        store: Store,
        kept: WaiverStore,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._rulebook = rulebook
        self._store = store
        self._kept = kept
        self._now = now

    async def Supply(
        self, request: supplier_pb2.SupplyRequest, context: Context
    ) -> supplier_pb2.SupplyResponse:
        persons = {question.ssin for question in request.questions}
        resting = {q.ssin for q in request.questions if harmonised.right_of(q.data_sort)}
        async with self._store.transaction() as connection:
            held = Held(
                await self._store.standing(connection, persons),
                await self._kept.of(connection, persons, self._now()),
                await self._store.statements(connection, resting, self._now()),
            )
        return supplier_pb2.SupplyResponse(
            answers=[self._answer(question, held) for question in request.questions]
        )

    def _answer(self, question: supplier_pb2.Question, held: Held) -> supplier_pb2.Answer:
        """What there is on any of the days."""
        if institutions.from_wire(question.holder) != wire.ENGINE:
            return supplier_pb2.Answer(status=exchange_pb2.ANSWER_STATUS_NO_DATA)
        right = harmonised.right_of(question.data_sort)
        found = self._statuses(question, right, held) if right else _rights(question, held)
        packed = list(map(_packed, found))
        status = exchange_pb2.ANSWER_STATUS_OK if packed else exchange_pb2.ANSWER_STATUS_NO_DATA
        return supplier_pb2.Answer(status=status, attestations=packed)

    def _statuses(
        self, question: supplier_pb2.Question, right: str, held: Held
    ) -> Iterable[Message]:
        rule = self._rulebook.rules.get(right)
        if rule is None:
            return
        about, statuses = periods.from_wire(question.period), self._rulebook.statuses
        said = [s for s in held.said if s.ssin == question.ssin]
        wanted = harmonised.read_by(rule, about)
        for each in harmonised.ranked(said, statuses.sorts, wanted, about):
            yield _status(each, statuses.titles[each.statement.status])


def _rights(question: supplier_pb2.Question, held: Held) -> Iterable[Message]:
    about = periods.from_wire(question.period)
    waived = waivers.days((w for w in held.waived if w.ssin == question.ssin), question.data_sort)
    for decision in held.standing:
        if (decision.ssin, decision.right) == (question.ssin, question.data_sort):
            for piece in waivers.had(decision, waived):
                if piece.period.overlaps(about):
                    yield wire.attestation(piece)


def _status(of: Ranked, name: dict[str, str]) -> statuses_pb2.HarmonisedStatus:
    return statuses_pb2.HarmonisedStatus(
        status=of.statement.status,
        name=name,
        period=periods.to_wire(of.statement.period),
        sector=of.statement.institution.sector,
        institution=institutions.to_wire(of.statement.institution),
        rank=of.rank,
    )


def _packed(message: Message) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed
