"""What a step of the story tells, and what it says when it fails."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Told:
    """The outcome of a step: in a word, the ticket it got, and lines for whoever wants more."""

    status: str
    ticket: str = ""
    details: tuple[str, ...] = ()
    latency_ms: float | None = None
    """Of the exchange the step is about; else the step as a whole counts."""


@dataclass(frozen=True, slots=True)
class Account:
    """A step as it went."""

    number: int
    name: str
    told: Told
    latency_ms: float
    trace_id: str


class StepFailed(Exception):  # noqa: N818 - it states what is so
    """What was expected of a step and did not happen."""

    def __init__(self, why: str, step: str = "") -> None:
        super().__init__(why)
        self.step = step


def expect(holds: object, otherwise: str) -> None:
    if not holds:
        raise StepFailed(otherwise)


@dataclass(slots=True)
class Memory:
    """What later steps need of earlier ones."""

    tickets: dict[str, str] = field(default_factory=dict)
    """What was done > its ticket; the last step looks each up in the ledger."""
    dimona_period_id: str = ""
    consulted: object = None
    """The answer of the consultation by gRPC, to compare with the same by XML."""
