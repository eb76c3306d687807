"""What the router refuses before it decides."""

from __future__ import annotations

import grpc

from mesh.identity import Caller
from mesh.refusals import Refusal
from services.router.domain import Policy


def wrong_check_digits(field: str) -> Refusal:
    return Refusal(
        grpc.StatusCode.INVALID_ARGUMENT,
        "SSIN_CHECK_DIGIT",
        violations=[(field, "the check digits are wrong")],
    )


def malformed(field: str, description: str) -> Refusal:
    return Refusal(
        grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED_REQUEST", violations=[(field, description)]
    )


def check_certificate(caller: Caller, policy: Policy) -> None:
    """The institution itself may have told the bank not to trust a certificate any longer."""
    for institution in policy.speakers.get(caller.identity.path, ()):
        if caller.serial in policy.institutions[institution].revoked:
            raise Refusal(grpc.StatusCode.UNAUTHENTICATED, "CERTIFICATE_REVOKED")
