"""Callers turned away at the gateway's own door: the ledger hears of them."""

from __future__ import annotations

import grpc
import structlog
from crossroads.ledger.v1 import ledger_pb2

from gateway.peers import Ledger
from mesh import clock, telemetry, tickets
from mesh.identity import Identity
from mesh.refusals import Refusal, of_error

LOG = structlog.get_logger()


class DoorBook:
    """Writes down whom the door refused, and for what; of the message nothing was read."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def write(self, caller: Identity, asked: str, refusal: Refusal) -> None:
        """A caller is turned away whether or not this can be written."""
        ticket = tickets.new()
        entry = ledger_pb2.Entry(
            entry_id=f"{ticket}/door",
            ticket=ticket,
            kind=ledger_pb2.ENTRY_KIND_DOOR,
            occurred_at=clock.rfc3339(clock.now()),
            caller=caller.path,
            outcome=ledger_pb2.OUTCOME_REFUSED,
            reason=refusal.reason,
            content=asked.encode(),
        )
        try:
            await self._ledger.append(entry)
        except grpc.aio.AioRpcError as error:
            LOG.error("a refusal is not written", asked=asked, reason=of_error(error).reason)
            return
        telemetry.note(crossroads__ticket=ticket)
        refusal.metadata["ticket"] = ticket
