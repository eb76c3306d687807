"""What a request to list accesses searches, after every check that needs nothing but it."""

from __future__ import annotations

from datetime import datetime

import grpc
from crossroads.ledger.v1 import ledger_pb2

from mesh import clock, institutions
from mesh.refusals import Refusal
from services.ledger.domain import Search

LAST = (1 << 63) - 1


def search(request: ledger_pb2.ListAccessesRequest) -> Search:
    named = request.HasField("institution")
    return Search(
        request.ssin,
        request.ticket,
        str(institutions.from_wire(request.institution)) if named else "",
        request.kind,
        request.outcome,
        request.data_sort,
        _moment("recorded_from", request.recorded_from),
        _moment("recorded_until", request.recorded_until),
    )


def before(page_token: str) -> int:
    """The index that the page before ended with."""
    if not page_token:
        return LAST
    if not (page_token.isascii() and page_token.isdigit() and len(page_token) < 19):
        raise malformed("page_token", "not a token of a page before")
    return int(page_token)


def malformed(field: str, description: str) -> Refusal:
    return Refusal(
        grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED_REQUEST", violations=[(field, description)]
    )


def _moment(field: str, said: str) -> datetime | None:
    try:
        return clock.parse(said) if said else None
    except ValueError as error:
        raise malformed(field, "not an RFC 3339 moment") from error
