"""Days that a form may name: none lies so far off that reckoning with it leaves the calendar."""

from __future__ import annotations

from datetime import date

FIRST, LAST = date(1900, 1, 1), date(2199, 12, 31)
NEVER = date.max
"""An end that is open, of the elements that may say so."""


def read(text: str) -> date | None:
    """The day `YYYY-MM-DD`; None for anything else, and for a day that no form may name."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if FIRST <= found <= LAST and found.isoformat() == text else None
