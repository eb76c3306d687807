"""The NSSO's side of a consultation: employment periods, for the bank alone."""

from __future__ import annotations

from collections.abc import Iterable

import grpc
from crossroads.router.v1 import exchange_pb2, supplier_pb2, supplier_pb2_grpc
from google.protobuf import any_pb2
from sqlalchemy.ext.asyncio import AsyncEngine

from mesh import institutions, periods
from mesh.periods import Period
from mesh.refusals import Refusal
from services.declarations import effects
from services.declarations.dimona.domain import DimonaPeriod
from services.declarations.dimona.store import Store
from services.declarations.domain import DATA_SORT, NSSO
from services.declarations.risks import supply as risks
from services.declarations.risks.supply import Supply


class Supplier(supplier_pb2_grpc.SupplierServicer):
    def __init__(self, engine: AsyncEngine, supply: Supply) -> None:
        self._supply = supply
        self._reading = engine.execution_options(isolation_level="AUTOCOMMIT")

    async def Supply(
        self, request: supplier_pb2.SupplyRequest, _: object
    ) -> supplier_pb2.SupplyResponse:
        asked = {question.ssin for question in request.questions}
        async with self._reading.connect() as connection:
            found = await Store(connection).of_persons(asked)
            declared = await self._supply.answers(connection, request.questions)
        by_person: dict[str, list[DimonaPeriod]] = {}
        for period in found:
            by_person.setdefault(period.ssin, []).append(period)
        return supplier_pb2.SupplyResponse(
            answers=[
                _of_risks(q, declared.get((q.ssin, q.data_sort), ()))
                if q.data_sort in risks.DATA_SORTS
                else _answer(q, by_person.get(q.ssin, ()))
                for q in request.questions
            ]
        )


def _answer(question: supplier_pb2.Question, known: Iterable[DimonaPeriod]) -> supplier_pb2.Answer:
    """The periods that meet the period asked about; what was cancelled never was."""
    if question.data_sort != DATA_SORT or institutions.from_wire(question.holder) != NSSO:
        return supplier_pb2.Answer(status=exchange_pb2.ANSWER_STATUS_NO_DATA)
    about = _about(question)
    met = [period for period in known if not period.cancelled and period.days.overlaps(about)]
    if not met:
        return supplier_pb2.Answer(status=exchange_pb2.ANSWER_STATUS_NO_DATA)
    return supplier_pb2.Answer(
        status=exchange_pb2.ANSWER_STATUS_OK,
        attestations=[effects.attestation(period) for period in met],
    )


def _of_risks(
    question: supplier_pb2.Question, known: Iterable[tuple[Period, any_pb2.Any]]
) -> supplier_pb2.Answer:
    """The risks, or the events of a career, that meet the period asked about."""
    if institutions.from_wire(question.holder) != NSSO:
        return supplier_pb2.Answer(status=exchange_pb2.ANSWER_STATUS_NO_DATA)
    about = _about(question)
    met = [attestation for days, attestation in known if days.overlaps(about)]
    if not met:
        return supplier_pb2.Answer(status=exchange_pb2.ANSWER_STATUS_NO_DATA)
    return supplier_pb2.Answer(status=exchange_pb2.ANSWER_STATUS_OK, attestations=met)


def _about(question: supplier_pb2.Question) -> Period:
    try:
        return periods.from_wire(question.period)
    except ValueError as error:
        raise Refusal(
            grpc.StatusCode.INVALID_ARGUMENT,
            "MALFORMED_REQUEST",
            violations=[("questions.period", "no period of days of the calendar")],
        ) from error
