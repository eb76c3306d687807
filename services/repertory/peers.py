"""Whom the repertory tells: the ledger and, of numbers replaced, the router."""

from __future__ import annotations

from collections.abc import Sequence

from crossroads.ledger.v1 import ledger_pb2, ledger_pb2_grpc
from crossroads.router.v1 import exchange_pb2, exchange_pb2_grpc

from mesh.channels import Channels
from mesh.outbox import Item

APPEND_TIMEOUT_S = 5.0
PUBLISH_TIMEOUT_S = 2.0
MOST = 1000


class Ledger:
    """Where every change in the register of persons is written."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    async def append(self, items: Sequence[Item]) -> None:
        """Write the entries of many items; those that are there already stay as they are."""
        entries = [
            entry
            for item in items
            for entry in ledger_pb2.AppendRequest.FromString(item.payload).entries
        ]
        stub = ledger_pb2_grpc.LedgerStub(self._channels.peer("ledger"))
        for begin in range(0, len(entries), MOST):
            await stub.Append(
                ledger_pb2.AppendRequest(entries=entries[begin : begin + MOST]),
                timeout=APPEND_TIMEOUT_S,
            )


class Router:
    """Where the network hears of what changed."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    async def publish(self, items: Sequence[Item]) -> None:
        """Publish in order; what was published stays published once."""
        stub = exchange_pb2_grpc.ExchangeStub(self._channels.peer("router"))
        for item in items:
            request = exchange_pb2.PublishRequest.FromString(item.payload)
            await stub.Publish(request, timeout=PUBLISH_TIMEOUT_S)
