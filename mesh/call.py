"""The call being served: who makes it, and its ticket."""

from __future__ import annotations

from contextvars import ContextVar

from mesh.identity import Caller

CALLER: ContextVar[Caller] = ContextVar("caller")


def caller() -> Caller:
    """The verified caller of the rpc being served. Raises LookupError outside an rpc."""
    return CALLER.get()
