"""The nouns of deferred work: a lot, the chunks it is worked on in, and its replies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from mesh.identity import Caller


class State(Enum):
    """How far a lot is; values are those of the contract."""

    RUNNING = 1
    DONE = 2
    CANCELLED = 3
    STOPPED = 4


class TooManyLots(Exception):  # noqa: N818 - it states what is wrong
    """The owner has as many lots under way as it may have."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A lot as handed in: `question` is the serialised message of the contract."""

    ticket: str
    request_id: str
    digest: bytes
    question: bytes
    caller: Caller
    ssins: tuple[str, ...]
    traceparent: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Lot:
    """A lot as it stands, without its persons."""

    ticket: str
    digest: bytes
    question: bytes
    state: State
    persons: int
    answered: int
    refused: int
    failed: int
    reason: str
    waits_for: str
    submitted_at: datetime
    ended_at: datetime | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some persons of a lot who have no reply yet, and in whose name they are asked about."""

    lot: str
    number: int
    question: bytes
    caller: Caller
    ssins: tuple[str, ...]
    traceparent: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of one person: `content` is the serialised message of the contract."""

    ssin: str
    content: bytes
    refused: bool = False
    failed: bool = False
