"""A mutation between its receipt and its distribution."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mesh.institutions import Institution


@dataclass(frozen=True, slots=True)
class ReceivedMutation:
    """A mutation as stored: `mutation` is the serialised message of the contract."""

    ticket: str
    ssin: str
    sender: Institution
    caller: str
    request_id: str
    digest: bytes
    mutation: bytes
    traceparent: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Stored:
    """What is kept under a request id: the ticket, the digest of the content, since when."""

    ticket: str
    digest: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class Addressed:
    """A delivery before it has a position in its mailbox."""

    institution: Institution
    ssin: str
    delivery: bytes
    entry_id: str
