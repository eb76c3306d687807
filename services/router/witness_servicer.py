"""The router as a witness: which entries its mutations and mailboxes demand of the ledger."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from crossroads.ledger.v1 import ledger_pb2, ledger_pb2_grpc

from mesh import written
from services.router.witness_store import WitnessStore

MOST = 1000


class WitnessServicer(ledger_pb2_grpc.WitnessServicer):
    """Says of every mutation and delivery what the ledger must hold.

    Of consultations the router keeps nothing: the ledger is their only record.
    """

    def __init__(self, store: WitnessStore) -> None:
        self._store = store

    async def ListWritten(
        self, request: ledger_pb2.ListWrittenRequest, context: Any
    ) -> AsyncIterator[ledger_pb2.ListWrittenResponse]:
        response = ledger_pb2.ListWrittenResponse()
        async for one in self._all():
            response.written.append(one)
            if len(response.written) >= MOST:
                yield response
                response = ledger_pb2.ListWrittenResponse()
        yield response

    async def _all(self) -> AsyncIterator[ledger_pb2.Written]:
        """Mutations first: what they allowed and is not under way has been delivered by then."""
        async for taken in self._store.mutations():
            for one in written.to_wire(taken.ticket, taken.written, is_open=taken.is_open):
                yield one
        async for asked, permitted in self._store.first_deliveries():
            for one in written.to_wire(asked.ticket, asked.written, is_open=asked.is_open):
                yield one
            for entry_id in permitted:  # also where the holder had nothing to deliver
                yield ledger_pb2.Written(ticket=asked.ticket, entry_id=entry_id, delivered=True)
        async for entry_id in self._store.delivered():
            ticket = entry_id.partition("/")[0]
            yield ledger_pb2.Written(ticket=ticket, entry_id=entry_id, delivered=True)
