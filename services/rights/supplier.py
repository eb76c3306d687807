"""The engine as a holder: it answers the network on the rights it granted and what they rest on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crossroads.attestations.v1 import statuses_pb2
from crossroads.router.v1 import exchange_pb2, supplier_pb2, supplier_pb2_grpc
from google.protobuf import any_pb2
from google.protobuf.message import Message

from mesh import clock, institutions, periods
from mesh.periods import Period
from services.rights import wire
from services.rights.domain import Decision, Statement
from services.rights.facts import harmonised
from services.rights.facts.harmonised import Ranked
from services.rights.law.in_force import Follower
from services.rights.law.rulebook import Rulebook
from services.rights.store import Store
from services.rights.waivers import domain as waivers
from services.rights.waivers import store as waiver_store
from services.rights.waivers.domain import Waiver

Context = Any


@dataclass(frozen=True, slots=True)
class Held:
    """All that may be asked about some persons, under the numbers that are in force."""

    replaced: Mapping[str, str]
    standing: Mapping[tuple[str, str], Sequence[Decision]]
    """By person and right."""
    waived: Sequence[Waiver]
    said: Mapping[str, Sequence[Statement]]


class Supplier(Follower, supplier_pb2_grpc.SupplierServicer):
    """Supplies each right as the sort of data that bears its name; only the router may call it.

    On the days on which a person does without a right, it is not there. The statuses on which
    a right rests are a sort of data of their own.
    """

    def __init__(
        self, rulebook: Rulebook, store: Store, now: Callable[[], datetime] = clock.now
    ) -> None:
        self._rulebook = rulebook
        self._store = store
        self._now = now

    async def Supply(
        self, request: supplier_pb2.SupplyRequest, context: Context
    ) -> supplier_pb2.SupplyResponse:
        held = await self._held(request.questions)
        return supplier_pb2.SupplyResponse(
            answers=[self._answer(question, held) for question in request.questions]
        )

    async def _held(self, questions: Iterable[supplier_pb2.Question]) -> Held:
        now = self._now()
        resting = {q.ssin for q in questions if harmonised.right_of(q.data_sort)}
        having = {q.ssin for q in questions if not harmonised.right_of(q.data_sort)}
        standing: dict[tuple[str, str], list[Decision]] = {}
        said: dict[str, list[Statement]] = {}
        async with self._store.transaction() as connection:
            replaced = await self._store.in_force(connection, resting | having)
            waived = await waiver_store.known(connection, having, now)
            for decision in await self._store.standing(connection, having):
                standing.setdefault((decision.ssin, decision.right), []).append(decision)
            for statement in await self._store.statements(connection, resting, now):
                said.setdefault(statement.ssin, []).append(statement)
        return Held(replaced, standing, waived, said)

    def _answer(self, question: supplier_pb2.Question, held: Held) -> supplier_pb2.Answer:
        """What there is on any of the days."""
        if institutions.from_wire(question.holder) != wire.ENGINE:
            return supplier_pb2.Answer(status=exchange_pb2.ANSWER_STATUS_NO_DATA)
        right = harmonised.right_of(question.data_sort)
        ssin = held.replaced.get(question.ssin, question.ssin)
        about = periods.from_wire(question.period)
        found = (
            self._statuses(right, held.said.get(ssin, ()), about)
            if right
            else _rights(ssin, question.data_sort, held, about)
        )
        packed = list(map(_packed, found))
        status = exchange_pb2.ANSWER_STATUS_OK if packed else exchange_pb2.ANSWER_STATUS_NO_DATA
        return supplier_pb2.Answer(status=status, attestations=packed)

    def _statuses(self, right: str, said: Sequence[Statement], about: Period) -> Iterable[Message]:
        rule, statuses = self._rulebook.rules.get(right), self._rulebook.statuses
        if rule is None:
            return
        for each in harmonised.ranked(said, statuses.sorts, harmonised.read_by(rule, about), about):
            yield _status(each, statuses.titles[each.statement.status])


def _rights(ssin: str, right: str, held: Held, about: Period) -> Iterable[Message]:
    waived = waivers.days((w for w in held.waived if w.ssin == ssin), right)
    for decision in held.standing.get((ssin, right), ()):
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
