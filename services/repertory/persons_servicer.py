"""The rpcs that write on persons: read, ask, answer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

from crossroads.repertory.v1 import repertory_pb2, repertory_pb2_grpc

from mesh import call, clock, tickets
from mesh.institutions import Institution
from services.repertory import (
    asked,
    entries,
    inscriptions,
    numbers,
    permission,
    person_recording,
    refusals,
    wire,
)
from services.repertory.decease_store import DeceaseStore
from services.repertory.domain import Inscription, InstitutionRecord
from services.repertory.entries import Part
from services.repertory.inscriptions import Change
from services.repertory.policy_store import PolicyStore
from services.repertory.primary import Primary
from services.repertory.qualities import CodeLists
from services.repertory.recording import Recorded, Recorder, Standing
from services.repertory.store import Store

Context = Any


class PersonsServicer(repertory_pb2_grpc.RepertoryServicer):
    """Who is known where: written down."""

    def __init__(
        self,
        store: Store,
        recorder: Recorder,
        deceases: DeceaseStore,
        policies: PolicyStore,
        codes: CodeLists,
        primary: Primary | None,
    ) -> None:
        self._store = store
        self._recorder = recorder
        self._deceases = deceases
        self._policies = policies
        self._codes = codes
        self._primary = primary

    async def Register(
        self, request: repertory_pb2.RegisterRequest, context: Context
    ) -> repertory_pb2.RegisterResponse:
        added = asked.lines(request.inscriptions, "inscriptions[{}].")
        self._check_qualities(added, "inscriptions")
        parts = entries.parts(request)
        await self._check_may_write(parts)

        def decide(standing: Standing) -> Change:
            return inscriptions.register(standing.lines, _in_force(standing, added))

        lines, recorded = await self._change(request, parts, added, decide)
        return repertory_pb2.RegisterResponse(
            inscriptions=map(wire.to_inscription, lines),
            freshness=str(recorded.position),
            ticket=recorded.ticket,
        )

    async def End(
        self, request: repertory_pb2.EndRequest, context: Context
    ) -> repertory_pb2.EndResponse:
        cut = asked.lines([request.inscription], "inscription.")
        parts = [entries.part_of_line(request, request.inscription)]
        await self._check_may_write(parts)

        def decide(standing: Standing) -> Change:
            change = inscriptions.end(standing.lines, *_in_force(standing, cut))
            if not change.closed:
                raise refusals.not_inscribed()
            return change

        lines, recorded = await self._change(request, parts, cut, decide)
        return repertory_pb2.EndResponse(
            inscriptions=map(wire.to_inscription, lines),
            freshness=str(recorded.position),
            ticket=recorded.ticket,
        )

    async def Correct(
        self, request: repertory_pb2.CorrectRequest, context: Context
    ) -> repertory_pb2.CorrectResponse:
        (wrong,) = asked.lines([request.wrong], "wrong.")
        right = asked.lines(request.right, "right[{}].")
        self._check_qualities(right, "right")
        parts = [entries.part_of_line(request, request.wrong)]
        await self._check_may_write(parts)

        def decide(standing: Standing) -> Change:
            (line,) = _in_force(standing, [wrong])
            try:
                return inscriptions.correct(standing.lines, line, _in_force(standing, right))
            except ValueError as error:
                raise refusals.no_such_line() from error

        lines, recorded = await self._change(request, parts, [wrong, *right], decide)
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
        wanted = asked.request(permission.speaker(call.caller()).path, request)
        async with self._recorder.changing(wanted, [old, new], replacing=True) as standing:
            if standing.first is not None:
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

    async def _change(
        self,
        request: repertory_pb2.RegisterRequest
        | repertory_pb2.EndRequest
        | repertory_pb2.CorrectRequest,
        parts: Sequence[Part],
        about: Sequence[Inscription],
        decide: Callable[[Standing], Change],
    ) -> tuple[Iterable[Inscription], Recorded]:
        """Decide and record, all or nothing; a request repeated gets its first answer."""
        wanted = asked.request(permission.speaker(call.caller()).path, request)
        ssins = sorted({line.key.ssin for line in about})
        async with self._recorder.changing(wanted, ssins) as standing:
            if standing.first is None:
                change = decide(standing)
                if self._primary:
                    await self._primary.put(standing, change)
                recorded = await person_recording.record(
                    self._recorder, standing, wanted, parts, change
                )
                opened = [replace(line, recorded_at=recorded.at) for line in change.opened]
                return sorted([*opened, *change.kept]), recorded
        recorded = person_recording.repeated(standing, wanted)
        persons, _ = await self._store.lookup_as_known(ssins, recorded.at)
        then = [line for person in persons for line in person.inscriptions]
        return inscriptions.of_keys(then, (line.key for line in about)), recorded

    def _check_qualities(self, lines: Sequence[Inscription], field: str) -> None:
        for sector in sorted({line.key.institution.sector for line in lines}):
            wrong = [
                f"{field}[{number}].quality"
                for number, line in enumerate(lines)
                if line.key.institution.sector == sector
                and self._codes.unknown(sector, [line.key.quality])
            ]
            if wrong:
                raise refusals.unknown_quality(sector, wrong)

    async def _check_may_write(self, parts: Sequence[Part]) -> None:
        """Raise unless the caller may write for each; the ledger hears that it tried."""
        wanted = {part.institution for part in parts if part.institution is not None}
        speaker = permission.speaker(call.caller())
        records = await self._policies.concerned(speaker.path, wanted)
        for institution in sorted(wanted):
            _check_known(institution, records)
        own = permission.spoken_for(speaker, records, clock.today())
        for institution in sorted(wanted):
            if not permission.may_write(own, institution):
                ticket = tickets.new()
                refusal = refusals.not_your_institution(institution, ticket)
                entry = entries.inscriptions(
                    ticket, call.caller(), parts, clock.now(), refusal.reason
                )
                await self._recorder.tell_at_once(entry.SerializeToString())
                raise refusal


def _check_known(institution: Institution, records: Collection[InstitutionRecord]) -> None:
    if all(record.institution != institution for record in records):
        raise refusals.unknown_institution(institution)


def _is_replaced(standing: Standing, old: str, new: str) -> bool:
    """Whether `new` stands for `old` already. Raises FAILED_PRECONDITION where it never can."""
    if standing.in_force[new] == old:
        raise refusals.circular_replacement()
    if standing.in_force[old] not in {old, standing.in_force[new]}:
        raise refusals.already_replaced()
    return standing.in_force[old] != old


def _in_force(standing: Standing, lines: Sequence[Inscription]) -> list[Inscription]:
    """The same lines under the numbers that are in force."""
    return [
        replace(line, key=replace(line.key, ssin=standing.in_force[line.key.ssin]))
        for line in lines
    ]
