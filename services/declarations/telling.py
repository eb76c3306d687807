"""Telling the network: what the outbox holds goes to the repertory, the router and the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from crossroads.ledger.v1 import ledger_pb2
from crossroads.repertory.v1 import repertory_pb2

from mesh.announcements import Announcement
from mesh.outbox import Handler, Item
from services.declarations import steps
from services.declarations.steps import Outcomes, Steps

INTEGRATE_AND_PUBLISH = "integrate_and_publish"
LEDGER = "ledger"


class Inscriptions(Protocol):
    """Where workers are integrated, many at a time and in the order given."""

    async def register(self, requests: Sequence[repertory_pb2.RegisterRequest]) -> Outcomes: ...

    async def end(self, requests: Sequence[repertory_pb2.EndRequest]) -> Outcomes: ...


class Mutations(Protocol):
    """Where changes are announced, many at a time and in the order given."""

    async def publish(self, announcements: Sequence[Announcement]) -> Outcomes: ...


class Entries(Protocol):
    """Where declarations are recorded for ever."""

    async def append(self, entries: Sequence[ledger_pb2.Entry]) -> None: ...


class Telling:
    """Tells each person's changes in order, those of different persons in one call.

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
        """Everybody's next step, again and again. Raises the first refusal once all others did."""
        left = Steps(map(steps.read, items))
        while left:
            added = left.next(repertory_pb2.RegisterRequest)
            left.settle(added, await self._repertory.register(added))
            published = left.next(Announcement)
            left.settle(published, await self._router.publish(published))
            ended = left.next(repertory_pb2.EndRequest)
            left.settle(ended, await self._repertory.end(ended))
        if left.refused:
            raise left.refused[0]

    async def record(self, items: list[Item]) -> None:
        await self._ledger.append([ledger_pb2.Entry.FromString(item.payload) for item in items])
