"""What is kept of a quarter: the declarations as received, the persons as recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from services.declarations.dmfa.domain import Worked
from services.declarations.domain import Channel, State


class Kind(Enum):
    """Which form a declaration of a quarter is."""

    ORIGINAL = "original"
    CORRECTION = "correction"


@dataclass(frozen=True, slots=True)
class Submission:
    """A quarterly declaration, or a correction, as stored; `form` is without persons in parts."""

    employer: str
    ticket: str
    request_id: str
    digest: bytes
    kind: Kind
    channel: Channel
    quarter: str
    workers: int
    received_at: datetime
    form: bytes
    anomalies: tuple[bytes, ...] = ()
    caller: str = ""
    chain: tuple[str, ...] = ()
    traceparent: str = ""
    state: State = State.RECEIVED
    notification: bytes = b""
    declarant: str = ""
    """The enterprise that sent it: the employer, or its mandatary."""
    declaration_pid: int = 0
    """The number of the employer's quarter, whatever its corrections; 0: none yet."""
    sequence: int = 0
    """In the order received, over all employers."""

    @property
    def whose(self) -> str:
        return self.employer


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was declared of one person for one quarter, from when until when it was known."""

    ssin: str
    employer: str
    quarter: str
    version: int
    content: bytes
    identifiers: bytes
    person_pid: int
    worked: Worked
    ticket: str
    recorded_from: datetime
    cancelled: bool = False
