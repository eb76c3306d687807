"""What risks ask besides: the repertory who knows a person, the DmfA what it holds of quarters."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol

from crossroads.repertory.v1 import repertory_pb2, repertory_pb2_grpc
from sqlalchemy.ext.asyncio import AsyncConnection

from mesh import institutions, periods
from mesh.channels import Channels
from mesh.institutions import Institution
from services.declarations.risks.domain import Quarter, Subject

NATIONAL_REGISTER = Institution(0, 0)
TIMEOUT_S = 2.0
Declared = Mapping[str, tuple[tuple[str, Quarter], ...]]
"""By SSIN: every quarter that was declared of her, with the employer's enterprise number."""


class Quarters(Protocol):
    """What was declared of quarters, now or as known then."""

    async def of_persons(
        self,
        connection: AsyncConnection,
        ssins: Collection[str],
        known_at: datetime | None = None,
    ) -> Declared: ...


class Subjects(Protocol):
    """Who says which institutions know persons."""

    async def subjects(self, ssins: Collection[str]) -> dict[str, Subject]: ...


class Repertory:
    """The reference repertory."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    async def subjects(self, ssins: Collection[str]) -> dict[str, Subject]:
        """By the number asked for, which may be one that was replaced."""
        if not ssins:
            return {}
        stub = repertory_pb2_grpc.RepertoryStub(self._channels.peer("repertory"))
        answer = await stub.BatchLookup(
            repertory_pb2.BatchLookupRequest(ssins=sorted(ssins)), timeout=TIMEOUT_S
        )
        return {person.ssin: _subject(person) for person in answer.persons}


def _subject(person: repertory_pb2.PersonLookup) -> Subject:
    lines = tuple(
        (institutions.from_wire(line.institution), line.quality, periods.from_wire(line.period))
        for line in person.inscriptions
    )
    known = any(institution == NATIONAL_REGISTER for institution, _, _ in lines)
    return Subject(person.replaced_by or person.ssin, known, lines)
