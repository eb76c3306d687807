"""The rpcs that write for many requests at once: read, ask, answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from crossroads.ledger.v1 import ledger_pb2
from crossroads.repertory.v1 import repertory_pb2, repertory_pb2_grpc

from mesh import call, clock, telemetry, written
from mesh import refusals as statuses
from mesh.refusals import Refusal
from services.repertory import deciding, entries, permission, refusals, wishes
from services.repertory.deciding import Granted, Outcome
from services.repertory.primary import Primary
from services.repertory.qualities import CodeLists
from services.repertory.recording import Recorder, Standing
from services.repertory.wishes import Wish
from services.repertory.write_log import Recorded, Write
from services.repertory.writers import Writers

MOST_LINES = 1000
"""Of one batch: whom it names is held until all of it is written."""
Context = Any
R = TypeVar("R")


class BatchServicer(repertory_pb2_grpc.RepertoryServicer):
    """Who is known where: written down for many in one transaction."""

    def __init__(
        self, recorder: Recorder, writers: Writers, codes: CodeLists, primary: Primary | None
    ) -> None:
        self._recorder = recorder
        self._writers = writers
        self._codes = codes
        self._primary = primary

    async def BatchRegister(
        self, request: repertory_pb2.BatchRegisterRequest, context: Context
    ) -> repertory_pb2.BatchRegisterResponse:
        if sum(len(one.inscriptions) for one in request.requests) > MOST_LINES:
            raise refusals.malformed(("requests", f"hold more than {MOST_LINES} lines together"))
        caller = permission.speaker(call.caller()).path
        outcomes = await self._outcomes(
            request.requests, lambda one: wishes.registration(one, caller, self._codes)
        )
        return repertory_pb2.BatchRegisterResponse(outcomes=map(_outcome, outcomes))

    async def BatchEnd(
        self, request: repertory_pb2.BatchEndRequest, context: Context
    ) -> repertory_pb2.BatchEndResponse:
        caller = permission.speaker(call.caller()).path
        outcomes = await self._outcomes(request.requests, lambda one: wishes.ending(one, caller))
        return repertory_pb2.BatchEndResponse(outcomes=map(_outcome, outcomes))

    async def _outcomes(self, requests: Iterable[R], read: Callable[[R], Wish]) -> list[Outcome]:
        """In order; what is well formed and allowed is decided on together."""
        asked = [_read(read, request) for request in requests]
        well_formed = [one for one in asked if isinstance(one, Wish)]
        refused = await self._writers.refusals([wish.parts for wish in well_formed])
        allowed = [wish for wish, why in zip(well_formed, refused, strict=True) if why is None]
        written_down = iter(await self._write(allowed))
        outcomes = iter([why or next(written_down) for why in refused])
        return [next(outcomes) if isinstance(one, Wish) else one for one in asked]

    async def _write(self, asked: Sequence[Wish]) -> list[Outcome]:
        if not asked:
            return []
        ssins = sorted(set[str]().union(*(wish.ssins for wish in asked)))
        async with self._recorder.changing([wish.request for wish in asked], ssins) as standing:
            decided = deciding.decide(asked, standing.lines, standing.in_force, standing.firsts)
            recorded = await self._record(standing, decided.granted)
        return decided.outcomes(recorded)

    async def _record(self, standing: Standing, granted: Sequence[Granted]) -> list[Recorded]:
        """Record changes, and let the ledger, and the primary hub, be told of them."""
        if not granted:
            return []
        if self._primary:
            for one in granted:
                await self._primary.put(replace(standing, lines=one.before), one.change)
        told = [_entries(one.wish) for one in granted]
        whole = ledger_pb2.AppendRequest(entries=[entry for one in told for entry in one.entries])
        await self._recorder.tell(standing, whole.SerializeToString())
        writes = [
            Write(one.wish.request, one.change, written.of(of_one.entries))
            for one, of_one in zip(granted, told, strict=True)
        ]
        return await self._recorder.record(standing, writes)


def _read(read: Callable[[R], Wish], request: R) -> Wish | Refusal:
    try:
        return read(request)
    except Refusal as refusal:
        return refusal


def _entries(wish: Wish) -> ledger_pb2.AppendRequest:
    """What the ledger is told, within a span by which the ticket is found in its trace."""
    ticket = wish.request.ticket
    with telemetry.span("write in a batch", crossroads__ticket=ticket):
        return entries.inscriptions(ticket, call.caller(), wish.parts, clock.now())


def _outcome(outcome: Outcome) -> repertory_pb2.WriteOutcome:
    if isinstance(outcome, Refusal):
        return repertory_pb2.WriteOutcome(refusal=statuses.status_of(outcome))
    return repertory_pb2.WriteOutcome(
        written=repertory_pb2.Write(freshness=str(outcome.position), ticket=outcome.ticket)
    )
