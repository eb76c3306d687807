"""What an intake of declarations knows: employers, declarations and their state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from mesh.institutions import Institution

NSSO = Institution(12, 0)
"""For whom this service speaks."""
QUALITY_DIMONA = 30
"""In which quality the NSSO knows a worker by a Dimona."""
DATA_SORT = "employment_period"


class Channel(Enum):
    """By which way a declaration came."""

    GRPC = "grpc"
    XML = "xml"
    PORTAL = "portal"
    FILE = "file"
    PAPER = "paper"


class State(Enum):
    """How far a declaration is."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WAITING = "waiting"
    """Nothing is wrong, but it is not known yet who the person is."""
    SET_ASIDE = "set_aside"
    """Handling it failed; the operator has it handled again."""


@dataclass(frozen=True, slots=True)
class Employer:
    """An employer by its enterprise number, with its NSSO number where it is known."""

    enterprise_number: str
    nsso_number: str = ""
    registers_days: bool = False
    """Whether it chose to register each day of flexible work."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """A declaration as stored. `form` is the form, `anomalies` what the channel found, as sent."""

    employer: str
    ticket: str
    request_id: str
    digest: bytes
    channel: Channel
    received_at: datetime
    form: bytes
    anomalies: tuple[bytes, ...] = ()
    caller: str = ""
    chain: tuple[str, ...] = ()
    traceparent: str = ""
    state: State = State.RECEIVED
    notification: bytes = b""
    dimona_period_id: str = ""
    sequence: int = 0
    declarant: str = ""
    """Who declared, by enterprise number: the employer or its mandatary."""
    place: str = ""
    """Where the form stands in its document. Empty: it is the first."""
    identified_as: str | None = None
    """Who the person turned out to be; empty: nobody knows; None: nobody has looked."""

    @property
    def whose(self) -> str:
        return self.employer
