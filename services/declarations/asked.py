"""What the constraints of a contract cannot say of a question: days, moments and tokens."""

from __future__ import annotations

from datetime import date, datetime

import grpc

from mesh import clock, identification
from mesh.refusals import Refusal
from services.declarations.dimona.domain import day as day_of


def day(field: str, text: str) -> date | None:
    """None where it is empty. Raises MALFORMED_REQUEST."""
    found = day_of(text)
    if text and found is None:
        raise malformed(field, "is no day of the calendar")
    return found


def moment(field: str, text: str) -> datetime | None:
    """None where it is empty. Raises MALFORMED_REQUEST."""
    if not text:
        return None
    try:
        found = clock.parse(text)
    except ValueError as error:
        raise malformed(field, "is no moment of RFC 3339") from error
    if found.tzinfo is None:
        raise malformed(field, "lacks its offset from UTC")
    return found


def period_token(token: str) -> str:
    """A token that is the number of a Dimona period. Raises MALFORMED_REQUEST."""
    if token and not (token.isascii() and identification.dimona_period_is_valid(token)):
        raise malformed("page_token", "give back the token of the page before")
    return token


def sequence_token(token: str, first: int) -> int:
    """A token that is a sequence number. Raises MALFORMED_REQUEST."""
    if not token:
        return first
    if not (token.isascii() and token.isdecimal() and len(token) < 19):
        raise malformed("page_token", "give back the token of the page before")
    return int(token)


def malformed(field: str, description: str) -> Refusal:
    return Refusal(
        grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED_REQUEST", violations=[(field, description)]
    )
