"""The rpcs that look persons up: read, ask, answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from crossroads.repertory.v1 import repertory_pb2, repertory_pb2_grpc

from mesh import call, clock
from services.repertory import alike, asked, inscriptions, paging, permission, refusals, wire
from services.repertory.domain import Inscription, Person
from services.repertory.policy_store import PolicyStore
from services.repertory.store import Store

Context = Any


class LookupServicer(repertory_pb2_grpc.RepertoryServicer):
    """Who is known where: looked up."""

    def __init__(self, store: Store, policies: PolicyStore) -> None:
        self._store = store
        self._policies = policies

    async def ListInscriptions(
        self, request: repertory_pb2.ListInscriptionsRequest, context: Context
    ) -> repertory_pb2.ListInscriptionsResponse:
        asked.check_digits({"ssin": request.ssin})
        day, moment = asked.day(request.on), asked.moment(request.known_at)
        (person,), _ = await self._lookup([request.ssin], moment)
        speaker = permission.speaker(call.caller())
        own = permission.spoken_for(
            speaker, await self._policies.concerned(speaker.path, ()), clock.today()
        )
        lines = permission.visible(speaker, own, sorted(person.inscriptions))
        if day is not None:
            lines = inscriptions.on(lines, day)
        try:
            page, following = paging.page(lines, _place, request.page_token, request.page_size)
        except ValueError as error:
            raise refusals.malformed(("page_token", refusals.NO_TOKEN)) from error
        return repertory_pb2.ListInscriptionsResponse(
            inscriptions=map(wire.to_inscription, page), next_page_token=following
        )

    async def BatchLookup(
        self, request: repertory_pb2.BatchLookupRequest, context: Context
    ) -> repertory_pb2.BatchLookupResponse:
        freshness = asked.freshness(request.freshness)
        moment = await self._moment(request)
        response = repertory_pb2.BatchLookupResponse()
        if request.together:
            groups, position = await self._store.lookup_alike(request.ssins, moment)
            response.alike.extend(map(alike.to_wire, groups))
        else:
            persons, position = await self._lookup(request.ssins, moment)
            response.persons.extend(map(wire.to_person, persons))
        if freshness > position:
            raise refusals.not_yet_known()
        if request.with_numbers:
            numbers = await self._store.numbers(request.ssins)
            for person in response.persons:
                person.numbers[:] = numbers[person.ssin]
        response.position = request.position or str(position)
        return response

    async def _moment(self, request: repertory_pb2.BatchLookupRequest) -> datetime | None:
        """As known when; None is now."""
        if not request.position:
            return asked.moment(request.known_at)
        if request.known_at:
            raise refusals.malformed(("position", refusals.TWO_MOMENTS))
        moment = await self._store.moment_of(int(request.position))
        if moment is None:
            raise refusals.unknown_position(request.position)
        return moment

    async def _lookup(
        self, ssins: Sequence[str], moment: datetime | None
    ) -> tuple[list[Person], int]:
        if moment is None:
            return await self._store.lookup(ssins)
        return await self._store.lookup_as_known(ssins, moment)


def _place(line: Inscription) -> paging.Key:
    key = line.key
    place = key.institution
    return (place.sector, place.number, key.quality, key.phase, line.period.begin.isoformat())
