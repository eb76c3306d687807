"""Callers turned away at the repertory's door: the ledger hears of them through the outbox."""

from __future__ import annotations

import re
from typing import Any

from mesh import clock, tickets
from mesh.identity import Caller
from mesh.refusals import Refusal
from services.repertory import entries
from services.repertory.recording import Recorder

_SSIN = re.compile(r"[0-9]{11}")


class Doorkeeper:
    """Writes down whom the door refused, for what, and about whom if one person was named."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    async def __call__(self, method: str, caller: Caller, refusal: Refusal, request: Any) -> None:
        ticket = tickets.new()
        entry = entries.door(ticket, caller, method, _named(request), refusal.reason, clock.now())
        await self._recorder.tell_at_once(entry.SerializeToString())
        refusal.metadata["ticket"] = ticket


def _named(request: Any) -> str:
    """The person in an unchecked request; empty where it names none, or several."""
    one = getattr(request, "wrong", None) or getattr(request, "inscription", request)
    lines = list(getattr(request, "inscriptions", ())) or [one]
    named = {str(getattr(line, "ssin", "")) for line in lines}
    ssin = named.pop() if len(named) == 1 else ""
    return ssin if _SSIN.fullmatch(ssin) else ""
