"""The rpcs that write on persons: read, ask, answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from crossroads.repertory.v1 import repertory_pb2, repertory_pb2_grpc

from mesh import call
from services.repertory import (
    asked,
    inscriptions,
    numbers,
    permission,
    person_recording,
    refusals,
    wire,
    wishes,
)
from services.repertory.decease_store import DeceaseStore
from services.repertory.domain import Inscription
from services.repertory.entries import Part
from services.repertory.primary import Primary
from services.repertory.qualities import CodeLists
from services.repertory.recording import Recorder, Standing
from services.repertory.store import Store
from services.repertory.wishes import Wish
from services.repertory.write_log import Recorded
from services.repertory.writers import Writers

Context = Any


class PersonsServicer(repertory_pb2_grpc.RepertoryServicer):
    """Who is known where: written down."""

    def __init__(
        self,
        store: Store,
        recorder: Recorder,
        deceases: DeceaseStore,
        writers: Writers,
        codes: CodeLists,
        primary: Primary | None,
    ) -> None:
        self._store = store
        self._recorder = recorder
        self._deceases = deceases
        self._writers = writers
        self._codes = codes
        self._primary = primary

    async def Register(
        self, request: repertory_pb2.RegisterRequest, context: Context
    ) -> repertory_pb2.RegisterResponse:
        wish = wishes.registration(request, _caller(), self._codes)
        lines, recorded = await self._fulfil(wish)
        return repertory_pb2.RegisterResponse(
            inscriptions=map(wire.to_inscription, lines),
            freshness=str(recorded.position),
            ticket=recorded.ticket,
        )

    async def End(
        self, request: repertory_pb2.EndRequest, context: Context
    ) -> repertory_pb2.EndResponse:
        lines, recorded = await self._fulfil(wishes.ending(request, _caller()))
        return repertory_pb2.EndResponse(
            inscriptions=map(wire.to_inscription, lines),
            freshness=str(recorded.position),
            ticket=recorded.ticket,
        )

    async def Correct(
        self, request: repertory_pb2.CorrectRequest, context: Context
    ) -> repertory_pb2.CorrectResponse:
        wish = wishes.correction(request, _caller(), self._codes)
        lines, recorded = await self._fulfil(wish)
        return repertory_pb2.CorrectResponse(
            inscriptions=map(wire.to_inscription, lines),
            freshness=str(recorded.position),
            ticket=recorded.ticket,
        )

    async def ReplacePerson(
        self, request: repertory_pb2.ReplacePersonRequest, context: Context
    ) -> repertory_pb2.ReplacePersonResponse:
        old, new = request.old_ssin, request.new_ssin
        asked.check_digits({"old_ssin": old, "new_ssin": new})
        content = request.SerializeToString(deterministic=True)
        parts = [Part(ssin, None, content) for ssin in (old, new)]
        wanted = asked.request(_caller(), request)
        async with self._recorder.changing([wanted], [old, new], replacing=True) as standing:
            if standing.first(wanted) is not None:
                recorded = person_recording.repeated(standing, wanted)
            elif _is_replaced(standing, old, new):
                recorded = await person_recording.record(
                    self._recorder, standing, wanted, parts, person_recording.NOTHING
                )
            else:
                in_force = standing.in_force[new]
                change = inscriptions.replace(standing.lines, old, in_force)
                recorded = await person_recording.record(
                    self._recorder, standing, wanted, parts, change
                )
                await self._recorder.replace(standing, old, in_force, recorded.at)
                await self._deceases.follow(standing, old, in_force, recorded.at)
                if self._primary is None:  # a secondary hub leaves it to the primary one
                    told = numbers.replaced(old, in_force, recorded.ticket)
                    await self._recorder.publish(standing, told.SerializeToString())
        return repertory_pb2.ReplacePersonResponse(
            freshness=str(recorded.position), ticket=recorded.ticket
        )

    async def _fulfil(self, wish: Wish) -> tuple[Iterable[Inscription], Recorded]:
        """Decide and record, all or nothing; a request repeated gets its first answer."""
        await self._writers.check(wish.parts)
        wanted, ssins = wish.request, sorted(wish.ssins)
        async with self._recorder.changing([wanted], ssins) as standing:
            if standing.first(wanted) is None:
                change = wish.decide(standing.lines, standing.in_force)
                if self._primary:
                    await self._primary.put(standing, change)
                recorded = await person_recording.record(
                    self._recorder, standing, wanted, wish.parts, change
                )
                opened = [replace(line, recorded_at=recorded.at) for line in change.opened]
                return sorted([*opened, *change.kept]), recorded
        recorded = person_recording.repeated(standing, wanted)
        persons, _ = await self._store.lookup_as_known(ssins, recorded.at)
        then = [line for person in persons for line in person.inscriptions]
        return inscriptions.of_keys(then, (line.key for line in wish.about)), recorded


def _caller() -> str:
    return permission.speaker(call.caller()).path


def _is_replaced(standing: Standing, old: str, new: str) -> bool:
    """Whether `new` stands for `old` already. Raises FAILED_PRECONDITION where it never can."""
    if standing.in_force[new] == old:
        raise refusals.circular_replacement()
    if standing.in_force[old] not in {old, standing.in_force[new]}:
        raise refusals.already_replaced()
    return standing.in_force[old] != old
