"""The repertory as a witness: which entries its records demand of the ledger."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from crossroads.ledger.v1 import ledger_pb2, ledger_pb2_grpc

from mesh import written
from services.repertory.witness_store import WitnessStore

MOST = 1000


class WitnessServicer(ledger_pb2_grpc.WitnessServicer):
    """Says of every change that was recorded what the ledger must hold."""

    def __init__(self, store: WitnessStore) -> None:
        self._store = store

    async def ListWritten(
        self, request: ledger_pb2.ListWrittenRequest, context: Any
    ) -> AsyncIterator[ledger_pb2.ListWrittenResponse]:
        changes = [change async for change in self._store.changes()]
        waiting = {
            entry.ticket
            for payload in await self._store.waiting()
            for entry in ledger_pb2.AppendRequest.FromString(payload).entries
        }
        response = ledger_pb2.ListWrittenResponse()
        for change in changes:
            is_open = change.ticket in waiting
            response.written.extend(written.to_wire(change.ticket, change.written, is_open=is_open))
            if len(response.written) >= MOST:
                yield response
                response = ledger_pb2.ListWrittenResponse()
        yield response
