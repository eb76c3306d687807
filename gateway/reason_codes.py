"""Reason codes of SSDN, `TCSSSXXX`: severity, class, service, number; by our own reasons."""

from __future__ import annotations

import grpc

from gateway.refused import Refused
from gateway.ssdn import ERROR, WARNING, Detail

UNEXPECTED = "34000001"
CODES = {
    "XML_MALFORMED": "31000001",
    "XML_TOO_LARGE": "31000001",
    "XML_TOO_DEEP": "31000001",
    "XML_TOO_MANY_ATTRIBUTES": "31000001",
    "XML_ENTITIES_FORBIDDEN": "31000001",
    "XML_WRONG_ROOT": "31000002",
    "SERVICE_UNKNOWN": "31000003",
    "ARGUMENT_MISSING": "31000007",
    "ARGUMENT_INVALID": "31000008",
    "MALFORMED_REQUEST": "31000008",
    "SSIN_CHECK_DIGIT": "31000008",
    "REQUEST_ID_REUSED": "32000009",
    "SENDER_MISMATCH": "35000001",
    "NO_ACCESS": "35000002",
    "NOT_IDENTIFIED": "35000003",
    "CERTIFICATE_REVOKED": "35000004",
    "CERTIFICATE_EXPIRED": "35000005",
    "UNAVAILABLE": "33000001",
    "DEADLINE_EXCEEDED": "33000002",
    "OVERLOADED": "33000003",
    "NOT_AUTHORISED": "35300010",
    "UNKNOWN_INSTITUTION": "35300011",
    "UNKNOWN_DATA_SORT": "31300012",
    "SUBJECT_NOT_INTEGRATED": "32300020",
    "NO_HOLDER": "32300050",
    "UNKNOWN_PERSON": "32300051",
    "HOLDER_LATE": "23300060",
    "HOLDER_UNAVAILABLE": "23300061",
}


_BY_CODE = {
    grpc.StatusCode.INVALID_ARGUMENT: "31000008",
    grpc.StatusCode.NOT_FOUND: "32000010",
    grpc.StatusCode.ALREADY_EXISTS: "32000009",
    grpc.StatusCode.FAILED_PRECONDITION: "32000011",
    grpc.StatusCode.PERMISSION_DENIED: "35000002",
    grpc.StatusCode.UNAUTHENTICATED: "35000003",
    grpc.StatusCode.UNAVAILABLE: "33000001",
    grpc.StatusCode.DEADLINE_EXCEEDED: "33000002",
    grpc.StatusCode.RESOURCE_EXHAUSTED: "33000003",
}


def of_reason(reason: str, diagnostic: str, *information: tuple[str, str]) -> Detail:
    """A line of a result summary on a reason that has a code of its own."""
    return _detail(CODES[reason], reason, diagnostic, information)


def of_refused(refused: Refused, language: str) -> Detail:
    """A refusal as a line of a result summary."""
    code = CODES.get(refused.reason) or _BY_CODE.get(refused.code, UNEXPECTED)
    text = refused.texts.get(language, refused.reason)
    return _detail(code, refused.reason, text, refused.violations)


def _detail(
    code: str, reason: str, diagnostic: str, information: tuple[tuple[str, str], ...]
) -> Detail:
    """The first digit of the code is its severity."""
    severity = ERROR if code[0] == "3" else WARNING
    return Detail(severity, code, diagnostic, (("Reason", reason), *information))
