"""What an institution may ask in a time."""

from __future__ import annotations

from dataclasses import dataclass

from mesh.institutions import Institution


@dataclass(frozen=True, slots=True)
class Quota:
    """How many consultations an institution may ask for a purpose (empty: all together).

    0 is not limited; a burst of 0 is as many as in a second.
    """

    institution: Institution
    purpose: str = ""
    per_second: float = 0
    burst: float = 0
    per_day: int = 0
