"""How the repertory refuses. No text and no field of a refusal names a person."""

from __future__ import annotations

from collections.abc import Sequence

import grpc

from mesh.institutions import Institution
from mesh.refusals import Refusal

NO_PERIOD = "a day that does not exist, or an end that does not come after its begin"
NO_DAY = "not a day"
DAY_TO_COME = "a day that is still to come"
NO_MOMENT = "not an RFC 3339 moment, or one that is still to come"
NO_REVISION = "a revision that is still to come, or given together with a moment"
TWICE = "more than once in this request"
NO_TOKEN = "not a token of the page before"  # noqa: S105 - of a page
TWO_MOMENTS = "not together with known_at"
NO_FRESHNESS = "not a freshness token"
WRONG_CHECK_DIGITS = "the check digits are wrong"


def malformed(*violations: tuple[str, str]) -> Refusal:
    return Refusal(grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED_REQUEST", violations=violations)


def wrong_check_digits(fields: Sequence[str]) -> Refusal:
    violations = [(field, WRONG_CHECK_DIGITS) for field in fields]
    return Refusal(grpc.StatusCode.INVALID_ARGUMENT, "SSIN_CHECK_DIGIT", violations=violations)


def unknown_quality(sector: int, fields: Sequence[str]) -> Refusal:
    return Refusal(
        grpc.StatusCode.INVALID_ARGUMENT,
        "UNKNOWN_QUALITY",
        metadata={"sector": str(sector)},
        violations=[(field, "not in the code list of the sector") for field in fields],
    )


def unknown_institution(institution: Institution) -> Refusal:
    return Refusal(
        grpc.StatusCode.INVALID_ARGUMENT,
        "UNKNOWN_INSTITUTION",
        metadata={"institution": str(institution)},
    )


def not_your_institution(institution: Institution, ticket: str) -> Refusal:
    return Refusal(
        grpc.StatusCode.PERMISSION_DENIED,
        "NOT_YOUR_INSTITUTION",
        metadata={"institution": str(institution), "ticket": ticket},
    )


def request_id_reused() -> Refusal:
    return Refusal(grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")


def not_inscribed() -> Refusal:
    return Refusal(grpc.StatusCode.NOT_FOUND, "NOT_INSCRIBED")


def no_such_line() -> Refusal:
    return Refusal(grpc.StatusCode.NOT_FOUND, "NO_SUCH_LINE")


def institution_not_found(institution: Institution) -> Refusal:
    return Refusal(
        grpc.StatusCode.NOT_FOUND,
        "UNKNOWN_INSTITUTION",
        metadata={"institution": str(institution)},
    )


def not_yet_known() -> Refusal:
    return Refusal(grpc.StatusCode.UNAVAILABLE, "NOT_YET_KNOWN", retry_after=0.1)


def unknown_revision(revision: int) -> Refusal:
    return Refusal(
        grpc.StatusCode.NOT_FOUND, "UNKNOWN_REVISION", metadata={"revision": str(revision)}
    )


def unknown_position(position: str) -> Refusal:
    return Refusal(
        grpc.StatusCode.OUT_OF_RANGE, "UNKNOWN_POSITION", metadata={"position": position}
    )


def already_replaced() -> Refusal:
    return Refusal(grpc.StatusCode.FAILED_PRECONDITION, "SSIN_ALREADY_REPLACED")


def circular_replacement() -> Refusal:
    return Refusal(grpc.StatusCode.FAILED_PRECONDITION, "REPLACEMENT_CIRCULAR")


def no_decease() -> Refusal:
    return Refusal(grpc.StatusCode.NOT_FOUND, "NO_DECEASE")


def incoherent_policy(field: str, gaps: Sequence[str]) -> Refusal:
    return Refusal(
        grpc.StatusCode.INVALID_ARGUMENT,
        "POLICY_INCOHERENT",
        violations=[(field, gap) for gap in gaps],
    )
