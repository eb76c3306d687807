"""The rpcs on the decease of persons: read, ask, answer."""

from __future__ import annotations

from datetime import date
from typing import Any

from crossroads.repertory.v1 import repertory_pb2, repertory_pb2_grpc

from mesh import call, clock
from services.repertory import asked, permission, person_recording, refusals
from services.repertory.decease_store import DeceaseStore
from services.repertory.entries import Part
from services.repertory.recording import Recorder
from services.repertory.write_log import Recorded

Context = Any


class DeceaseServicer(repertory_pb2_grpc.RepertoryServicer):
    """Who died when: written down."""

    def __init__(self, recorder: Recorder, deceases: DeceaseStore) -> None:
        self._recorder = recorder
        self._deceases = deceases

    async def ReportDecease(
        self, request: repertory_pb2.ReportDeceaseRequest, context: Context
    ) -> repertory_pb2.ReportDeceaseResponse:
        recorded = await self._decease(request, asked.past_day(request.day, "day", clock.today()))
        return repertory_pb2.ReportDeceaseResponse(
            freshness=str(recorded.position), ticket=recorded.ticket
        )

    async def WithdrawDecease(
        self, request: repertory_pb2.WithdrawDeceaseRequest, context: Context
    ) -> repertory_pb2.WithdrawDeceaseResponse:
        recorded = await self._decease(request, None)
        return repertory_pb2.WithdrawDeceaseResponse(
            freshness=str(recorded.position), ticket=recorded.ticket
        )

    async def _decease(
        self,
        request: repertory_pb2.ReportDeceaseRequest | repertory_pb2.WithdrawDeceaseRequest,
        day: date | None,
    ) -> Recorded:
        """Let a decease stand, or none; a request repeated gets its first answer."""
        asked.check_digits({"ssin": request.ssin})
        parts = [Part(request.ssin, None, request.SerializeToString(deterministic=True))]
        wanted = asked.request(permission.speaker(call.caller()).path, request)
        async with self._recorder.changing([wanted], [request.ssin]) as standing:
            if standing.first(wanted) is not None:
                return person_recording.repeated(standing, wanted)
            ssin = standing.in_force[request.ssin]
            before = await self._deceases.standing(standing, ssin)
            if before is None and day is None:
                raise refusals.no_decease()
            recorded = await person_recording.record(
                self._recorder, standing, wanted, parts, person_recording.NOTHING
            )
            if day != before:
                await self._deceases.put(standing, ssin, day, recorded.at)
        return recorded
