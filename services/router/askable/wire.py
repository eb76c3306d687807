"""The duty to ask as the contract writes it."""

from __future__ import annotations

from datetime import datetime

from crossroads.router.v1 import decision_pb2, exchange_pb2

from mesh import clock, institutions
from mesh.institutions import Institution
from services.router import refusals
from services.router.askable.domain import Askable, Place


def question(request: exchange_pb2.ListAskableRequest) -> exchange_pb2.ConsultRequest:
    """The consultation that is meant, without its sorts of data."""
    return exchange_pb2.ConsultRequest(
        ssin=request.ssin,
        quality=request.quality,
        period=request.period,
        purpose=request.purpose,
        on_behalf_of=request.on_behalf_of if request.HasField("on_behalf_of") else None,
        freshness=request.freshness,
    )


def answer(explained: exchange_pb2.ExplainResponse) -> exchange_pb2.ListAskableResponse:
    return exchange_pb2.ListAskableResponse(
        ticket=explained.ticket,
        data_sorts=_permitted(explained.decision),
        decision=explained.decision,
    )


def told(
    asked: exchange_pb2.ConsultRequest,
    asker: Institution | None,
    explained: exchange_pb2.ExplainResponse,
    at: datetime,
) -> list[Askable]:
    """What the asker now knows that it may ask."""
    if asker is None:
        return []
    return [
        Askable(explained.ticket, asker, asked.ssin, asked.purpose, data_sort, at)
        for data_sort in _permitted(explained.decision)
    ]


def unasked(one: Askable) -> exchange_pb2.Unasked:
    return exchange_pb2.Unasked(
        ticket=one.ticket,
        institution=institutions.to_wire(one.institution),
        ssin=one.ssin,
        purpose=one.purpose,
        data_sort=one.data_sort,
        listed_at=clock.rfc3339(one.listed_at),
    )


def moment(field: str, said: str) -> datetime | None:
    """Raises INVALID_ARGUMENT."""
    try:
        return clock.parse(said) if said else None
    except ValueError as error:
        raise refusals.malformed(field, "not an RFC 3339 moment") from error


def token(of: Askable) -> str:
    """Where a page ended; it names nobody."""
    return f"{clock.rfc3339(of.listed_at)} {of.ticket} {of.data_sort}"


def place(page_token: str) -> Place | None:
    """Raises INVALID_ARGUMENT."""
    if not page_token:
        return None
    try:
        at, ticket, data_sort = page_token.split(" ")
        return Place(clock.parse(at), ticket, data_sort)
    except ValueError as error:
        raise refusals.malformed("page_token", "not a token of a page before") from error


def _permitted(decision: decision_pb2.Decision) -> list[str]:
    return [
        part.data_sort
        for part in decision.data_sorts
        if part.verdict == decision_pb2.VERDICT_PERMITTED
    ]
