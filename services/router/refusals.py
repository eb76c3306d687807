"""What the router refuses before it decides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import grpc
from crossroads.router.v1 import exchange_pb2

from mesh import clock
from mesh.access import GATEWAY
from mesh.identification import ssin_is_valid
from mesh.identity import Caller
from mesh.institutions import Institution
from mesh.refusals import Refusal
from services.router import network
from services.router.domain import Policy


def wrong_check_digits(field: str) -> Refusal:
    return Refusal(
        grpc.StatusCode.INVALID_ARGUMENT,
        "SSIN_CHECK_DIGIT",
        violations=[(field, "the check digits are wrong")],
    )


def check_ssin(ssin: str, field: str) -> None:
    if not ssin_is_valid(ssin):
        raise wrong_check_digits(field)


def check_chain(
    chain: Sequence[str], caller: Caller, asker: Institution | None, policy: Policy, on: date
) -> None:
    """Only a hub asks for others, always for members of its own network, and names them."""
    if caller.principal.kind != "hub":
        if chain:
            raise Refusal(grpc.StatusCode.PERMISSION_DENIED, "CHAIN_NOT_YOURS")
    elif not network.speaks_for(asker, chain, policy, on):
        raise Refusal(grpc.StatusCode.PERMISSION_DENIED, "NOT_OF_YOUR_NETWORK")


def check_passed_on(
    requests: Iterable[exchange_pb2.ConsultRequest], caller: Caller, policy: Policy
) -> None:
    """A service that asks in another's name asks only for what it holds itself; so does no other.

    The gateway carries any question: it is a way in and holds nothing.
    """
    if caller.on_behalf_of is None or caller.identity.path == GATEWAY:
        return
    own = set(policy.speaking(caller.identity.path, clock.today()))
    for request in requests:
        for sort in request.data_sorts:
            held = policy.availabilities.get(sort, ())
            if not own.issuperset(availability.holder for availability in held):
                raise Refusal(grpc.StatusCode.PERMISSION_DENIED, "NOT_YOURS_TO_PASS_ON")


def malformed(field: str, description: str) -> Refusal:
    return Refusal(
        grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED_REQUEST", violations=[(field, description)]
    )


def check_certificate(caller: Caller, policy: Policy) -> None:
    """The institution itself may have told the bank not to trust a certificate any longer."""
    for institution in policy.speakers.get(caller.identity.path, ()):
        if caller.serial in policy.institutions[institution].revoked:
            raise Refusal(grpc.StatusCode.UNAUTHENTICATED, "CERTIFICATE_REVOKED")
