"""The reception of lots: takes them in, and tells their owner what became of them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import datetime

import grpc
from crossroads.router.v1 import exchange_pb2

from mesh import telemetry
from mesh.identification import ssin_is_valid
from mesh.identity import Caller
from mesh.refusals import Refusal
from services.router import refusals
from services.router.asked import period_of
from services.router.lots import wire
from services.router.lots.domain import Lot, State, Submission, TooManyLots
from services.router.lots.store import LotStore

MOST_PERSONS = 100_000
MOST_AT_ONCE = 8
"""Lots being handed in at once: each is held in memory until it is whole."""
MOST_SECONDS = 60.0
"""How long handing in may take."""
PAGE = 100
Parts = AsyncIterator[exchange_pb2.SubmitLotRequest]


class Reception:
    """Lots of a caller; of another's it knows nothing."""

    def __init__(self, store: LotStore) -> None:
        self._store = store
        self._room = asyncio.Semaphore(MOST_AT_ONCE)

    async def submit(
        self, parts: Parts, caller: Caller, ticket: str, at: datetime
    ) -> exchange_pb2.Lot:
        """Raises INVALID_ARGUMENT, ALREADY_EXISTS or RESOURCE_EXHAUSTED; then nothing is kept."""
        if self._room.locked():
            raise Refusal(grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED", retry_after=1.0)
        async with self._room:
            async with asyncio.timeout(MOST_SECONDS):
                opening, ssins = await _whole(parts)
            question = opening.question.SerializeToString(deterministic=True)
            content = hashlib.sha256(question)
            content.update("".join(ssins).encode())
            submission = Submission(
                ticket,
                opening.request_id,
                content.digest(),
                question,
                caller,
                ssins,
                telemetry.traceparent(),
                at,
            )
            try:
                kept = await self._store.submit(submission)
            except TooManyLots as error:
                raise Refusal(
                    grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_LOTS", retry_after=60.0
                ) from error
        if kept.digest != submission.digest:
            raise Refusal(grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")
        telemetry.note(crossroads__ticket=kept.ticket)
        return wire.lot(kept)

    async def lot(self, ticket: str, caller: Caller, at: datetime) -> exchange_pb2.Lot:
        return wire.lot(_found(await self._store.lot(caller.principal.path, ticket, at)))

    async def cancel(self, ticket: str, caller: Caller, at: datetime) -> exchange_pb2.Lot:
        return wire.lot(_found(await self._store.cancel(caller.principal.path, ticket, at)))

    async def replies(
        self, request: exchange_pb2.ListLotRepliesRequest, caller: Caller, at: datetime
    ) -> exchange_pb2.ListLotRepliesResponse:
        """A page. The lot is read first, so that the last page is told only when it is the last."""
        lot = _found(await self._store.lot(caller.principal.path, request.ticket, at))
        after = int(request.page_token or 0)
        found = await self._store.replies(lot.ticket, after, request.page_size or PAGE)
        last = found[-1][0] if found else after
        ended = lot.state in {State.DONE, State.CANCELLED, State.STOPPED}
        return exchange_pb2.ListLotRepliesResponse(
            replies=[exchange_pb2.LotReply.FromString(reply) for _, reply in found],
            next_page_token="" if ended and last >= lot.answered else str(last),
        )


async def _whole(parts: Parts) -> tuple[exchange_pb2.LotOpening, tuple[str, ...]]:
    """The opening and the persons, each once, in the order named."""
    first = await anext(parts, None)
    if first is None or not first.HasField("opening"):
        raise _malformed("opening", "must come in the first message")
    period_of(wire.consultation(first.opening.question, ""))
    ssins: dict[str, None] = {}
    named = 0
    async for part in parts:
        if not part.HasField("persons"):
            raise _malformed("opening", "comes once, in the first message")
        for ssin in part.persons.ssins:
            if not ssin_is_valid(ssin):
                raise refusals.wrong_check_digits(f"persons.ssins[{named}]")
            ssins[ssin] = None
            named += 1
        if len(ssins) > MOST_PERSONS:
            raise _malformed("persons", f"are more than {MOST_PERSONS}")
    if not ssins:
        raise _malformed("persons", "are missing")
    return first.opening, tuple(ssins)


def _malformed(field: str, description: str) -> Refusal:
    return Refusal(
        grpc.StatusCode.INVALID_ARGUMENT, "LOT_MALFORMED", violations=[(field, description)]
    )


def _found(lot: Lot | None) -> Lot:
    if lot is None:
        raise Refusal(grpc.StatusCode.NOT_FOUND, "LOT_NOT_FOUND")
    return lot
