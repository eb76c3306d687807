"""What is set aside: a declaration that could not be judged, so that it holds nobody up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Line(Enum):
    """One of the lines in which what was received waits to be handled."""

    DIMONA = "dimona"
    DMFA = "dmfa"
    RISKS = "risks"


@dataclass(frozen=True, slots=True)
class Aside:
    """A declaration that was set aside, and where handling it failed."""

    line: Line
    whose: str
    """The employer by enterprise number; of a risk the path of who declared it."""
    ticket: str
    received_at: datetime
    set_aside_at: datetime
    failure: str
