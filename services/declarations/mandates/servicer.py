"""Mandates as served: who gives which, and who holds which."""

from __future__ import annotations

from datetime import datetime

import grpc
from crossroads.declarations.v1 import mandates_pb2, mandates_pb2_grpc
from sqlalchemy.ext.asyncio import AsyncEngine

from mesh import call, clock, identification, periods, telemetry, tickets
from mesh.periods import Period
from mesh.refusals import Refusal
from services.declarations import acts, asked
from services.declarations.mandates import declarants
from services.declarations.mandates.domain import Mandate
from services.declarations.mandates.store import Store

PAGE = 100
EMPLOYER = "employer"


class Servicer(mandates_pb2_grpc.MandatesServicer):
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def PutMandate(
        self, request: mandates_pb2.PutMandateRequest, _: object
    ) -> mandates_pb2.PutMandateResponse:
        mandate, ticket = _given(request.mandate, clock.now()), tickets.new()
        principal = call.caller().principal
        if principal.kind == EMPLOYER and declarants.caller() != mandate.employer:
            raise Refusal(grpc.StatusCode.PERMISSION_DENIED, "MANDATE_NOT_YOURS")
        async with self._engine.begin() as connection:
            await Store(connection).put(mandate)
            await acts.keep(connection, f"{ticket}/mandate", request, ground=acts.QUARTERLY)
        telemetry.note(crossroads__ticket=ticket)
        return mandates_pb2.PutMandateResponse(mandate=_wire(mandate), ticket=ticket)

    async def ListMandates(
        self, request: mandates_pb2.ListMandatesRequest, _: object
    ) -> mandates_pb2.ListMandatesResponse:
        enterprise, most = _enterprise(request), request.page_size or PAGE
        known_at = asked.moment("known_at", request.known_at)
        async with self._engine.connect() as connection:
            found = await Store(connection).about(
                enterprise, known_at, _after(request.page_token), most + 1
            )
        last = found[most - 1] if len(found) > most else None
        return mandates_pb2.ListMandatesResponse(
            mandates=[_wire(mandate) for mandate in found[:most]],
            next_page_token=f"{last.employer}.{last.mandatary}" if last else "",
        )


def _enterprise(request: mandates_pb2.ListMandatesRequest) -> str:
    """An employer sees its own mandates, the operator those of whom it names."""
    if call.caller().principal.kind != EMPLOYER:
        if not request.enterprise:
            raise asked.malformed("enterprise", "name whose mandates")
        return request.enterprise
    principal = declarants.caller()
    if request.enterprise not in {"", principal}:
        raise Refusal(grpc.StatusCode.PERMISSION_DENIED, "MANDATE_NOT_YOURS")
    return principal


def _after(token: str) -> tuple[str, str]:
    employer, _, mandatary = token.partition(".")
    if token and not all(
        len(number) == 10 and number.isascii() and number.isdecimal()
        for number in (employer, mandatary)
    ):
        raise asked.malformed("page_token", "give back the token of the page before")
    return employer, mandatary


def _given(wire: mandates_pb2.Mandate, at: datetime) -> Mandate:
    for field in ("employer", "mandatary"):
        if not identification.enterprise_number_is_valid(getattr(wire, field)):
            raise asked.malformed(f"mandate.{field}", "has wrong check digits")
    if wire.employer == wire.mandatary:
        raise asked.malformed("mandate.mandatary", "nobody needs a mandate for itself")
    return Mandate(wire.employer, wire.mandatary, _days(wire), call.caller().principal.path, at)


def _days(wire: mandates_pb2.Mandate) -> Period:
    try:
        return periods.from_wire(wire.period)
    except ValueError as error:
        raise asked.malformed("mandate.period", "no period of days of the calendar") from error


def _wire(mandate: Mandate) -> mandates_pb2.Mandate:
    return mandates_pb2.Mandate(
        employer=mandate.employer,
        mandatary=mandate.mandatary,
        period=periods.to_wire(mandate.days),
        recorded_at=clock.rfc3339(mandate.recorded_at),
    )
