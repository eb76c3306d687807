"""Telling the network of a quarter: who is integrated first, then what is attested."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from crossroads.repertory.v1 import repertory_pb2
from crossroads.router.v1 import exchange_pb2
from google.protobuf import any_pb2

from mesh.outbox import Handler, Item
from services.declarations.telling import Inscriptions, Mutations

ATTEST = "attest"
AT_ONCE = 32
"""Mutations that are under way together: fewer than a process of the router takes in."""


class Telling:
    """Tells in the order recorded: mutations between two integrations leave together.

    A declaration has one mutation a person at most, so that those of one person never meet unless
    two declarations follow each other; then the second waits for the first.
    """

    def __init__(self, repertory: Inscriptions, router: Mutations) -> None:
        self._repertory = repertory
        self._router = router
        self._room = asyncio.Semaphore(AT_ONCE)

    @property
    def handlers(self) -> Mapping[str, Handler]:
        return {ATTEST: self.attest}

    async def attest(self, items: list[Item]) -> None:
        waiting: dict[str, exchange_pb2.PublishRequest] = {}
        for item in items:
            packed = any_pb2.Any.FromString(item.payload)
            request = exchange_pb2.PublishRequest()
            if packed.Unpack(request):
                if request.mutation.ssin in waiting:
                    await self._publish(waiting)
                waiting[request.mutation.ssin] = request
                continue
            await self._publish(waiting)
            await self._inscribe(packed)
        await self._publish(waiting)

    async def _publish(self, waiting: dict[str, exchange_pb2.PublishRequest]) -> None:
        told = await asyncio.gather(
            *(self._one(request) for request in waiting.values()),
            return_exceptions=True,
        )
        waiting.clear()
        for failure in told:
            if failure is not None:
                raise failure

    async def _one(self, request: exchange_pb2.PublishRequest) -> None:
        async with self._room:
            await self._router.publish(request)

    async def _inscribe(self, packed: any_pb2.Any) -> None:
        added, ended = repertory_pb2.RegisterRequest(), repertory_pb2.EndRequest()
        if packed.Unpack(added):
            await self._repertory.register(added)
        elif packed.Unpack(ended):
            await self._repertory.end(ended)
        else:
            raise ValueError(f"nothing to tell is a {packed.TypeName()}")
