"""Deadlines carried on: nobody works for a caller who has gone."""

from __future__ import annotations

import time
from contextvars import ContextVar

UNTIL: ContextVar[float | None] = ContextVar("until", default=None)
"""Monotonic moment until which the caller of the rpc being served waits."""


def start(remaining_s: float | None) -> None:
    UNTIL.set(None if remaining_s is None else time.monotonic() + remaining_s)


def within(most_s: float) -> float:
    """Seconds a call to a peer may take: at most `most_s`, and never past the caller's own."""
    until = UNTIL.get()
    return most_s if until is None else max(0.001, min(most_s, until - time.monotonic()))
