"""Telling the network: what the outbox holds goes to the repertory, the router and the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

from crossroads.ledger.v1 import ledger_pb2
from crossroads.repertory.v1 import repertory_pb2
from crossroads.router.v1 import exchange_pb2
from google.protobuf import any_pb2

from mesh import telemetry
from mesh.outbox import Handler, Item

INTEGRATE_AND_PUBLISH = "integrate_and_publish"
LEDGER = "ledger"
MOST_AT_ONCE = 16
"""Persons told of at the same time, so that a request waits here and not at the peer."""


class Inscriptions(Protocol):
    """Where workers are integrated."""

    async def register(self, request: repertory_pb2.RegisterRequest) -> None: ...

    async def end(self, request: repertory_pb2.EndRequest) -> None: ...


class Mutations(Protocol):
    """Where changes are announced."""

    async def publish(self, request: exchange_pb2.PublishRequest) -> None: ...


class Entries(Protocol):
    """Where declarations are recorded for ever."""

    async def append(self, entries: Sequence[ledger_pb2.Entry]) -> None: ...


class Telling:
    """Tells each person's changes in order, those of different persons at the same time.

    Every request bears an id of its declaration, so that telling it again changes nothing.
    """

    def __init__(self, repertory: Inscriptions, router: Mutations, ledger: Entries) -> None:
        self._repertory = repertory
        self._router = router
        self._ledger = ledger

    @property
    def handlers(self) -> Mapping[str, Handler]:
        return {INTEGRATE_AND_PUBLISH: self.integrate_and_publish, LEDGER: self.record}

    async def integrate_and_publish(self, items: list[Item]) -> None:
        by_person: dict[str, list[tuple[Item, any_pb2.Any]]] = {}
        for item in items:
            request = any_pb2.Any.FromString(item.payload)
            by_person.setdefault(_ssin(request), []).append((item, request))
        room = asyncio.Semaphore(MOST_AT_ONCE)
        told = await asyncio.gather(
            *(self._tell(requests, room) for requests in by_person.values()),
            return_exceptions=True,
        )
        for failure in told:
            if failure is not None:
                raise failure

    async def record(self, items: list[Item]) -> None:
        await self._ledger.append([ledger_pb2.Entry.FromString(item.payload) for item in items])

    async def _tell(
        self, requests: list[tuple[Item, any_pb2.Any]], room: asyncio.Semaphore
    ) -> None:
        async with room:
            for item, packed in requests:
                with telemetry.span("tell", parent=item.traceparent):
                    await self._send(_unpacked(packed))

    async def _send(self, request: _Request) -> None:
        if isinstance(request, repertory_pb2.RegisterRequest):
            await self._repertory.register(request)
        elif isinstance(request, repertory_pb2.EndRequest):
            await self._repertory.end(request)
        else:
            await self._router.publish(request)


_Request = repertory_pb2.RegisterRequest | repertory_pb2.EndRequest | exchange_pb2.PublishRequest
_TYPES: tuple[type[_Request], ...] = (
    repertory_pb2.RegisterRequest,
    repertory_pb2.EndRequest,
    exchange_pb2.PublishRequest,
)


def _unpacked(packed: any_pb2.Any) -> _Request:
    for kind in _TYPES:
        request = kind()
        if packed.Unpack(request):
            return request
    raise ValueError(f"nothing to tell is a {packed.TypeName()}")


def _ssin(packed: any_pb2.Any) -> str:
    request = _unpacked(packed)
    if isinstance(request, repertory_pb2.RegisterRequest):
        return request.inscriptions[0].ssin
    if isinstance(request, repertory_pb2.EndRequest):
        return request.inscription.ssin
    return request.mutation.ssin
