"""The engine as a holder: it answers the network on the rights it granted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crossroads.router.v1 import exchange_pb2, supplier_pb2, supplier_pb2_grpc
from google.protobuf import any_pb2

from mesh import institutions, periods
from services.rights import wire
from services.rights.domain import Decision
from services.rights.store import Store

Context = Any


class Supplier(supplier_pb2_grpc.SupplierServicer):
    """Supplies each right as the sort of data that bears its name; only the router may call it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def Supply(
        self, request: supplier_pb2.SupplyRequest, context: Context
    ) -> supplier_pb2.SupplyResponse:
        async with self._store.transaction() as connection:
            ssins = {question.ssin for question in request.questions}
            replaced = await self._store.in_force(connection, ssins)
            standing: dict[tuple[str, str], list[Decision]] = {}
            for decision in await self._store.standing(connection, ssins):
                standing.setdefault((decision.ssin, decision.right), []).append(decision)
        return supplier_pb2.SupplyResponse(
            answers=[
                _answer(question, standing.get((ssin, question.data_sort), ()))
                for question in request.questions
                for ssin in [replaced.get(question.ssin, question.ssin)]
            ]
        )


def _answer(question: supplier_pb2.Question, standing: Sequence[Decision]) -> supplier_pb2.Answer:
    """The right asked about, where the person has it on any of the days."""
    if institutions.from_wire(question.holder) != wire.ENGINE:
        return supplier_pb2.Answer(status=exchange_pb2.ANSWER_STATUS_NO_DATA)
    about = periods.from_wire(question.period)
    found = [decision for decision in standing if decision.period.overlaps(about)]
    if not found:
        return supplier_pb2.Answer(status=exchange_pb2.ANSWER_STATUS_NO_DATA)
    packed = []
    for decision in found:
        packed.append(any_pb2.Any())
        packed[-1].Pack(wire.attestation(decision))
    return supplier_pb2.Answer(status=exchange_pb2.ANSWER_STATUS_OK, attestations=packed)
