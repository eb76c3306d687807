"""What a secondary hub tells the primary one: whom its network knows, and no longer knows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import grpc
import structlog
from crossroads.repertory.v1 import repertory_pb2, repertory_pb2_grpc
from google.protobuf import any_pb2

from mesh import outbox
from mesh.channels import Channels
from mesh.institutions import Institution
from mesh.outbox import Item
from mesh.refusals import Refusal
from services.repertory import network, wire
from services.repertory.inscriptions import Change
from services.repertory.recording import Standing

LOG = structlog.get_logger()
PRIMARY = "primary_repertory"
"""Name of the primary hub's repertory among the peers of a secondary hub; also the kind of what
the outbox tells it."""
TIMEOUT_S = 5.0
Told = repertory_pb2.RegisterRequest | repertory_pb2.EndRequest


class Primary:
    """Integrates persons at the primary hub in the name of the network."""

    def __init__(self, channels: Channels, stands_for: Institution) -> None:
        self._channels = channels
        self._network = stands_for

    async def put(self, standing: Standing, change: Change) -> None:
        """Let the outbox tell what a change is to the primary hub, if the transaction commits."""
        integration = network.integration(standing.lines, change, self._network)
        for request in _requests(integration):
            packed = any_pb2.Any()
            packed.Pack(request)
            await outbox.put(standing.connection, PRIMARY, packed.SerializeToString())

    async def tell(self, items: Sequence[Item]) -> None:
        """Tell in order; the id of an item makes telling it twice harmless."""
        stub = repertory_pb2_grpc.RepertoryStub(self._channels.peer(PRIMARY))
        for item in items:
            packed = any_pb2.Any.FromString(item.payload)
            try:
                await _tell(stub, packed, str(item.id))
            except grpc.aio.AioRpcError as error:
                if error.code() is grpc.StatusCode.PERMISSION_DENIED:
                    LOG.error("the primary hub does not know this hub as that of its network")
                    raise Refusal(
                        grpc.StatusCode.UNAVAILABLE, "UPSTREAM_FAILED", retry_after=5.0
                    ) from error
                if error.code() is not grpc.StatusCode.NOT_FOUND:
                    raise
                LOG.warning("the primary hub did not know whom it is told to forget")


async def _tell(
    stub: repertory_pb2_grpc.RepertoryStub, packed: any_pb2.Any, request_id: str
) -> None:
    registered, ended = repertory_pb2.RegisterRequest(), repertory_pb2.EndRequest()
    if packed.Unpack(registered):
        registered.request_id = request_id
        await stub.Register(registered, timeout=TIMEOUT_S)
    elif packed.Unpack(ended):
        ended.request_id = request_id
        await stub.End(ended, timeout=TIMEOUT_S)


def _requests(integration: network.Integration) -> Iterator[Told]:
    if integration.registered:
        yield repertory_pb2.RegisterRequest(
            inscriptions=map(wire.to_inscription, integration.registered)
        )
    for line in integration.ended:
        yield repertory_pb2.EndRequest(inscription=wire.to_inscription(line))
