"""The NSSO's side of a consultation: employment, wages and working time, for the bank alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

import grpc
from crossroads.router.v1 import exchange_pb2, supplier_pb2, supplier_pb2_grpc
from google.protobuf import any_pb2
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mesh import institutions, periods
from mesh.periods import Period
from mesh.refusals import Refusal
from services.declarations import effects, quarters
from services.declarations.dimona.store import Store as Employments
from services.declarations.dmfa import effects as quarterly
from services.declarations.dmfa import wages
from services.declarations.dmfa.store import Store as Quarters
from services.declarations.domain import DATA_SORT, NSSO
from services.declarations.replacements import Replacements
from services.declarations.risks import attestation
from services.declarations.risks.attestation import in_parts, packed
from services.declarations.risks.quarters import DmfaQuarters
from services.declarations.risks.routing import DATA_SORTS
from services.declarations.risks.store import Store as Risks
from services.declarations.risks.supply import CAREER, Supply

Held = dict[tuple[str, str], list[tuple[Period, any_pb2.Any]]]
"""By sort of data and person: attestations, each with the days that it is about."""
Read = Callable[[AsyncConnection, set[str], Held], Awaitable[None]]


class Supplier(supplier_pb2_grpc.SupplierServicer):
    def __init__(self, engine: AsyncEngine) -> None:
        self._reading = engine.execution_options(isolation_level="AUTOCOMMIT")

    async def Supply(
        self, request: supplier_pb2.SupplyRequest, _: object
    ) -> supplier_pb2.SupplyResponse:
        held: Held = {}
        async with self._reading.connect() as connection:
            now = await Replacements(connection).all_in_force({q.ssin for q in request.questions})
            asked: dict[str, set[str]] = {}
            for question in request.questions:
                asked.setdefault(question.data_sort, set()).add(now[question.ssin])
            for sort, ssins in asked.items():
                if sort in _READ:
                    await _READ[sort](connection, ssins, held)
        return supplier_pb2.SupplyResponse(
            answers=[
                _answer(q, held.get((q.data_sort, now[q.ssin]), ())) for q in request.questions
            ]
        )


async def _employments(connection: AsyncConnection, ssins: set[str], held: Held) -> None:
    """What was cancelled never was."""
    for one in await Employments(connection).of_persons(ssins):
        if not one.cancelled:
            kept = held.setdefault((DATA_SORT, one.ssin), [])
            kept.append((one.days, effects.attestation(one)))


async def _quarters(connection: AsyncConnection, ssins: set[str], held: Held) -> None:
    for one in await Quarters(connection).of_persons(ssins):
        about = quarters.parse(one.quarter)
        if about is not None:
            kept = held.setdefault((quarterly.DATA_SORT, one.ssin), [])
            attested = wages.attestation(one.employer, about, one.worked)
            kept.append((about.period, attested))


async def _careers(connection: AsyncConnection, ssins: set[str], held: Held) -> None:
    for ssin, events in (await Supply(DmfaQuarters()).careers(connection, ssins)).items():
        held[CAREER, ssin] = [(event.days, attested) for event, attested in in_parts(events)]


def _risks(sort: str) -> Read:
    """What was taken back is no longer supplied."""

    async def read(connection: AsyncConnection, ssins: set[str], held: Held) -> None:
        for one in await Risks(connection).of_persons(ssins):
            if one.risk.standing and DATA_SORTS[one.risk.branch] == sort:
                attested = packed(attestation.write(one.risk, one.form))
                held.setdefault((sort, one.risk.ssin), []).append((one.risk.days, attested))

    return read


_READ: dict[str, Read] = {
    DATA_SORT: _employments,
    quarterly.DATA_SORT: _quarters,
    CAREER: _careers,
    **{sort: _risks(sort) for sort in DATA_SORTS.values()},
}


def _answer(
    question: supplier_pb2.Question, known: Iterable[tuple[Period, any_pb2.Any]]
) -> supplier_pb2.Answer:
    """What meets the period asked about."""
    if question.data_sort not in _READ or institutions.from_wire(question.holder) != NSSO:
        return supplier_pb2.Answer(status=exchange_pb2.ANSWER_STATUS_NO_DATA)
    try:
        about = periods.from_wire(question.period)
    except ValueError as error:
        raise Refusal(
            grpc.StatusCode.INVALID_ARGUMENT,
            "MALFORMED_REQUEST",
            violations=[("questions.period", "no period of days of the calendar")],
        ) from error
    met = [attestation for days, attestation in known if days.overlaps(about)]
    if not met:
        return supplier_pb2.Answer(status=exchange_pb2.ANSWER_STATUS_NO_DATA)
    return supplier_pb2.Answer(status=exchange_pb2.ANSWER_STATUS_OK, attestations=met)
