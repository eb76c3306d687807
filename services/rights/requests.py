"""Requests that write: by whom, under which id, and what they say, so that each has one effect."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import grpc
from google.protobuf.message import Message

from mesh.identity import Identity
from mesh.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as far as repeating it goes."""

    by: str
    """The path of a certificate; of the person herself just `citizen`."""
    request_id: str
    digest: bytes


def sent(request: Message, request_id: str, principal: Identity) -> Sent:
    content = request.SerializeToString(deterministic=True)
    by = principal.kind if principal.kind == "citizen" else principal.path
    return Sent(by, request_id, hashlib.sha256(content).digest())


def check(one: Sent, digest: bytes) -> None:
    """Raises ALREADY_EXISTS where the id was used for another content."""
    if one.digest != digest:
        raise Refusal(grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")
