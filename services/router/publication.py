"""Publishing: a mutation is checked, kept and receipted; who is told is decided later."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import grpc
from crossroads.router.v1 import exchange_pb2

from mesh import telemetry, tickets
from mesh.coalescing import Coalescer
from mesh.identity import Caller
from mesh.refusals import Refusal
from services.router import announcing
from services.router.domain import Policy
from services.router.mutation import ReceivedMutation, Stored
from services.router.store import Store


class Publications:
    """Takes mutations in. A request id said twice gives the first ticket."""

    def __init__(self, store: Store) -> None:
        self._keep: Coalescer[ReceivedMutation, Stored] = Coalescer(store.receive, name="mutations")

    async def publish(
        self,
        request: exchange_pb2.PublishRequest,
        caller: Caller,
        policy: Policy,
        ticket: str,
        at: datetime,
    ) -> Stored:
        """What is kept. Raises PERMISSION_DENIED, INVALID_ARGUMENT or ALREADY_EXISTS."""
        received = announcing.received(request, caller, policy, ticket, at)
        outcome = _same(received, await self._keep(received))
        if isinstance(outcome, Refusal):
            raise outcome
        telemetry.note(crossroads__ticket=outcome.ticket)
        return outcome

    async def publish_all(
        self,
        announcements: Iterable[exchange_pb2.Announcement],
        caller: Caller,
        policy: Policy,
        at: datetime,
    ) -> list[Stored | Refusal]:
        """Of each what is kept, in the order given, or why it is refused."""
        read = [_read(one, caller, policy, at) for one in announcements]
        allowed = [one for one in read if isinstance(one, ReceivedMutation)]
        kept = iter(await self._keep.together(allowed))
        return [one if isinstance(one, Refusal) else _same(one, next(kept)) for one in read]


def _read(
    announcement: exchange_pb2.Announcement, caller: Caller, policy: Policy, at: datetime
) -> ReceivedMutation | Refusal:
    ticket = tickets.new()
    parent = announcement.traceparent
    with telemetry.span("publish in a batch", parent=parent, crossroads__ticket=ticket):
        try:
            return announcing.received(announcement.request, caller, policy, ticket, at)
        except Refusal as refusal:
            telemetry.note(crossroads__refusal_reason=refusal.reason)
            return refusal


def _same(received: ReceivedMutation, kept: Stored) -> Stored | Refusal:
    if kept.digest == received.digest:
        return kept
    return Refusal(grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")
