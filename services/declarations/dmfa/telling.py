"""Telling the network of a quarter: who is integrated first, then what is attested."""

from __future__ import annotations

from collections.abc import Mapping

from crossroads.repertory.v1 import repertory_pb2

from mesh.announcements import Announcement
from mesh.outbox import Handler, Item
from services.declarations import steps
from services.declarations.steps import Outcomes
from services.declarations.telling import Inscriptions, Mutations

ATTEST = "attest"


class Telling:
    """Tells in the order recorded: mutations between two integrations leave together.

    A declaration has one mutation a person at most, so that those of one person never meet unless
    two declarations follow each other; then the second waits for the first.
    """

    def __init__(self, repertory: Inscriptions, router: Mutations) -> None:
        self._repertory = repertory
        self._router = router

    @property
    def handlers(self) -> Mapping[str, Handler]:
        return {ATTEST: self.attest}

    async def attest(self, items: list[Item]) -> None:
        """Raises the first refusal; what would follow it is not told."""
        waiting: dict[str, Announcement] = {}
        for item in items:
            step = steps.read(item)
            if not isinstance(step, Announcement):
                await self._publish(waiting)
                await self._inscribe(step)
                continue
            if step.request.mutation.ssin in waiting:
                await self._publish(waiting)
            waiting[step.request.mutation.ssin] = step
        await self._publish(waiting)

    async def _publish(self, waiting: dict[str, Announcement]) -> None:
        _check(await self._router.publish(list(waiting.values())))
        waiting.clear()

    async def _inscribe(
        self, step: repertory_pb2.RegisterRequest | repertory_pb2.EndRequest
    ) -> None:
        if isinstance(step, repertory_pb2.RegisterRequest):
            _check(await self._repertory.register([step]))
        else:
            _check(await self._repertory.end([step]))


def _check(outcomes: Outcomes) -> None:
    for refusal in outcomes:
        if refusal is not None:
            raise refusal
