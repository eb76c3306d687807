"""What a mandate is: that one enterprise declares for another, on certain days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mesh.periods import Period


@dataclass(frozen=True, slots=True)
class Mandate:
    """By enterprise numbers; `days` are half-open. `given_by` is the path of an identity."""

    employer: str
    mandatary: str
    days: Period
    given_by: str
    recorded_at: datetime
