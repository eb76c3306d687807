"""What a request on persons says, after every check that needs nothing but the request."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from crossroads.repertory.v1 import repertory_pb2

from mesh import clock, tickets
from mesh.identification import ssin_is_valid
from services.repertory import refusals, wire
from services.repertory.domain import Inscription
from services.repertory.write_log import Request


def check_digits(numbers: Mapping[str, str]) -> None:
    wrong = [field for field, number in numbers.items() if not ssin_is_valid(number)]
    if wrong:
        raise refusals.wrong_check_digits(wrong)


def lines(all_lines: Sequence[repertory_pb2.Inscription], field: str) -> tuple[Inscription, ...]:
    """The lines of a request. `field` names one of them, with `{}` for its number."""
    check_digits({field.format(n) + "ssin": line.ssin for n, line in enumerate(all_lines)})
    read, violations = [], []
    for number, line in enumerate(all_lines):
        try:
            read.append(wire.inscription(line))
        except ValueError:
            violations.append((field.format(number) + "period", refusals.NO_PERIOD))
    if violations:
        raise refusals.malformed(*violations)
    return tuple(read)


def request(
    caller: str,
    message: repertory_pb2.RegisterRequest
    | repertory_pb2.EndRequest
    | repertory_pb2.CorrectRequest
    | repertory_pb2.ReplacePersonRequest
    | repertory_pb2.ReportDeceaseRequest
    | repertory_pb2.WithdrawDeceaseRequest,
) -> Request:
    content = message.SerializeToString(deterministic=True)
    digest = hashlib.sha256(message.DESCRIPTOR.full_name.encode() + b"\0" + content).digest()
    return Request(caller, message.request_id, digest, tickets.new())


def day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise refusals.malformed(("on", refusals.NO_DAY)) from error


def past_day(text: str, field: str, today: date) -> date:
    """A day that is not to come."""
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise refusals.malformed((field, refusals.NO_DAY)) from error
    if found > today:
        raise refusals.malformed((field, refusals.DAY_TO_COME))
    return found


def moment(text: str) -> datetime | None:
    """A moment that is past: what will be known is not known."""
    if not text:
        return None
    try:
        at = clock.parse(text)
    except ValueError as error:
        raise refusals.malformed(("known_at", refusals.NO_MOMENT)) from error
    if at > clock.now():
        raise refusals.malformed(("known_at", refusals.NO_MOMENT))
    return at


def freshness(text: str) -> int:
    """The position that a read must not be older than; 0 is no bound."""
    if text and not (text.isascii() and text.isdecimal() and len(text) <= 20):
        raise refusals.malformed(("freshness", refusals.NO_FRESHNESS))
    return int(text or "0")
