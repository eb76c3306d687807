"""Arrival: what one delivery from the mailbox brings."""

from __future__ import annotations

from dataclasses import dataclass

from services.rights.domain import Group, Statement


@dataclass(frozen=True, slots=True)
class Arrival:
    """One delivery from the mailbox; `statement` is None where it only asks to look again."""

    ssin: str
    position: int
    ticket: str
    traceparent: str
    statement: Statement | None
    concerns: bool
    """Whether any rule depends on it."""
    group: Group | None = None
    """The sort of group of hers that changed: who belongs to it is to be asked again."""
    replaces: str = ""
    """The number that hers replaced."""
