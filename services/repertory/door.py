"""Callers turned away at the repertory's door: the ledger hears of them through the outbox."""

from __future__ import annotations

from typing import Any

from mesh import clock, named, tickets
from mesh.identity import Caller
from mesh.refusals import Refusal
from services.repertory import entries
from services.repertory.recording import Recorder


class Doorkeeper:
    """Writes down whom the door refused, for what, and about whom if one person was named."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    async def __call__(self, method: str, caller: Caller, refusal: Refusal, request: Any) -> None:
        ticket = tickets.new()
        about = list(named.persons(request))
        ssin = about[0] if len(about) == 1 else ""
        entry = entries.door(ticket, caller, method, ssin, refusal.reason, clock.now())
        await self._recorder.tell_at_once(entry.SerializeToString())
        refusal.metadata["ticket"] = ticket
