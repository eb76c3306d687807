"""What a request says: its rights, days and moments, or the refusal that names the field."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import grpc
from crossroads.types.v1 import types_pb2

from mesh import clock, periods
from mesh.identification import ssin_is_valid
from mesh.periods import Period
from mesh.refusals import Refusal
from services.rights.domain import Rule

NEWEST = (1 << 63) - 1
"""Before it stands every line there is."""


def malformed(field: str, description: str) -> Refusal:
    return Refusal(
        grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED_REQUEST", violations=[(field, description)]
    )


def rule(rules: Mapping[str, Rule], right: str) -> Rule:
    """Raises NOT_FOUND for a right that no rule bears."""
    if right not in rules:
        known = ", ".join(sorted(rules))
        raise Refusal(grpc.StatusCode.NOT_FOUND, "UNKNOWN_RIGHT", metadata={"known": known})
    return rules[right]


def check_ssin(ssin: str, field: str = "ssin") -> None:
    if not ssin_is_valid(ssin):
        raise Refusal(
            grpc.StatusCode.INVALID_ARGUMENT,
            "SSIN_CHECK_DIGIT",
            violations=[(field, "the check digits are wrong")],
        )


def day(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise malformed(field, "not a day of the calendar") from error


def period(wire: types_pb2.Period, field: str) -> Period:
    try:
        return periods.from_wire(wire)
    except ValueError as error:
        raise malformed(field, "not days of the calendar") from error


def moment(known_at: str, now: datetime) -> datetime:
    """`now` where none is given."""
    try:
        return clock.parse(known_at) if known_at else now
    except ValueError as error:
        raise malformed("known_at", "not an RFC 3339 moment") from error


def before(page_token: str) -> int:
    """The line before which a page begins; every one for the first page."""
    if not page_token:
        return NEWEST
    if not (page_token.isascii() and page_token.isdigit() and len(page_token) < 19):
        raise malformed("page_token", "not a token of a page before")
    return int(page_token)
