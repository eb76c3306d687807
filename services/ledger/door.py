"""Callers turned away at the ledger's own door: they are in the ledger too."""

from __future__ import annotations

import re
from typing import Any

from crossroads.ledger.v1 import ledger_pb2

from mesh import clock, tickets
from mesh.identity import Caller
from mesh.refusals import Refusal
from services.ledger.servicer import Ledger

_SSIN = re.compile(r"[0-9]{11}")


class Doorkeeper:
    """Writes down whom the door refused, for what, and about whom if a person was named."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def __call__(self, method: str, caller: Caller, refusal: Refusal, request: Any) -> None:
        ticket = tickets.new()
        named = getattr(request, "ssin", "")
        entry = ledger_pb2.Entry(
            entry_id=f"{ticket}/door",
            ticket=ticket,
            kind=ledger_pb2.ENTRY_KIND_DOOR,
            occurred_at=clock.rfc3339(clock.now()),
            caller=caller.principal.path,
            chain=caller.chain,
            ssin=named if _SSIN.fullmatch(named) else "",
            outcome=ledger_pb2.OUTCOME_REFUSED,
            reason=refusal.reason,
            content=method.encode(),
        )
        await self._ledger.append([entry])
