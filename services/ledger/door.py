"""Callers turned away at the ledger's own door: they are in the ledger too."""

from __future__ import annotations

from typing import Any

from crossroads.ledger.v1 import ledger_pb2

from mesh import clock, named, tickets
from mesh.identity import Caller
from mesh.refusals import Refusal
from services.ledger.servicer import Ledger


class Doorkeeper:
    """Writes down whom the door refused, for what, and about whom if a person was named."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def __call__(self, method: str, caller: Caller, refusal: Refusal, request: Any) -> None:
        ticket = tickets.new()
        about = list(named.persons(request))
        entry = ledger_pb2.Entry(
            entry_id=f"{ticket}/door",
            ticket=ticket,
            kind=ledger_pb2.ENTRY_KIND_DOOR,
            occurred_at=clock.rfc3339(clock.now()),
            caller=caller.principal.path,
            chain=caller.chain,
            ssin=about[0] if len(about) == 1 else "",
            outcome=ledger_pb2.OUTCOME_REFUSED,
            reason=refusal.reason,
            content=method.encode(),
        )
        await self._ledger.append([entry])
        refusal.metadata["ticket"] = ticket
