"""Files of quarters and their corrections; the numbers and the notice follow the notification."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

from crossroads.declarations.v1 import declarations_pb2, dmfa_pb2
from crossroads.forms.v1 import notification_pb2

from gateway import documents, quarter_answers, quarterly
from gateway.lots import answers
from gateway.lots.answers import Told
from gateway.lots.dossier import Receipt
from gateway.peers import Quarters
from gateway.quarterly import Reading
from mesh import identity
from mesh.identity import Identity

IDENTIFIERS, NOTICE = "DMPI", "DMNO"
CHUNK = 1 << 16
_ACCEPTED = declarations_pb2.DECLARATION_STATE_ACCEPTED
_NOBODY = identity.parse("service/gateway")
"""In whose name a document is read that is not handed in."""


class _Files:
    """What originals and corrections have in common: how they are answered."""

    def __init__(self, quarters: Quarters) -> None:
        self._quarters = quarters

    async def notified(self, sender: Identity, receipts: Sequence[Receipt]) -> bytes | None:
        async def told(ticket: str) -> Told:
            found = await self._quarters.declaration(sender, ticket)
            return found.notification if found.HasField("notification") else None

        return await answers.notifications(receipts, told)

    async def _accepted(self, sender: Identity, receipts: Sequence[Receipt]) -> list[str]:
        """The tickets of what was accepted."""
        found = [
            await self._quarters.declaration(sender, one.ticket)
            for one in receipts
            if not one.refused
        ]
        return [one.ticket for one in found if one.state == _ACCEPTED]


class QuarterFiles(_Files):
    """Originals: read person by person, so that a file may be larger than others."""

    most_bytes = 64 << 20

    def check(self, content: bytes) -> None:
        for _ in _forms(content, _NOBODY):
            pass

    def tried(self, content: bytes) -> bytes:
        return answers.tried(_reports(steps) for steps in _forms(content, _NOBODY))

    async def submit(self, sender: Identity, content: bytes) -> list[Receipt]:
        # A parser of lxml that is fed by several threads breaks the memory: one reads it all.
        forms = await asyncio.to_thread(lambda: list(_forms(content, sender)))
        return [await answers.receipt(self._taken(sender, steps)) for steps in forms]

    async def further(self, sender: Identity, receipts: Sequence[Receipt]) -> Mapping[str, bytes]:
        accepted = await self._accepted(sender, receipts)
        if not accepted:
            return {}
        return {
            IDENTIFIERS: await quarter_answers.all_identifiers(self._quarters, sender, accepted)
        }

    async def _taken(
        self, sender: Identity, steps: Sequence[dmfa_pb2.SubmitDmfaRequest]
    ) -> tuple[str, str]:
        taken = await self._quarters.submit(sender, _each(steps))
        return taken.ticket, taken.received_at


class CorrectionFiles(_Files):
    """Corrections, answered with a notice of what they changed."""

    most_bytes = documents.MOST_BYTES

    def check(self, content: bytes) -> None:
        _corrections(content, _NOBODY)

    def tried(self, content: bytes) -> bytes:
        return answers.tried(one.anomalies for one in _corrections(content, _NOBODY))

    async def submit(self, sender: Identity, content: bytes) -> list[Receipt]:
        """One after the other: a later correction may rest on an earlier one."""
        return [
            await answers.receipt(self._taken(sender, request))
            for request in _corrections(content, sender)
        ]

    async def further(self, sender: Identity, receipts: Sequence[Receipt]) -> Mapping[str, bytes]:
        accepted = await self._accepted(sender, receipts)
        if not accepted:
            return {}
        return {NOTICE: await quarter_answers.notices(self._quarters, sender, accepted)}

    async def _taken(
        self, sender: Identity, request: dmfa_pb2.SubmitDmfaUpdateRequest
    ) -> tuple[str, str]:
        taken = await self._quarters.correct(sender, request)
        return taken.ticket, taken.received_at


def _forms(content: bytes, sender: Identity) -> Iterator[list[dmfa_pb2.SubmitDmfaRequest]]:
    """The steps of each form, one form after the other; raises what a reading raises."""
    reading = Reading(sender, "", declarations_pb2.CHANNEL_FILE)
    steps: list[dmfa_pb2.SubmitDmfaRequest] = []
    for first in range(0, len(content), CHUNK):
        for step in reading.feed(content[first : first + CHUNK]):
            steps.append(step)
            if step.HasField("closing"):
                yield steps
                steps = []
    reading.close()


async def _each(
    steps: Sequence[dmfa_pb2.SubmitDmfaRequest],
) -> AsyncIterator[dmfa_pb2.SubmitDmfaRequest]:
    for step in steps:
        yield step


def _corrections(content: bytes, sender: Identity) -> list[dmfa_pb2.SubmitDmfaUpdateRequest]:
    root = documents.parse(content)
    return quarterly.corrections(root, sender, "", declarations_pb2.CHANNEL_FILE)


def _reports(
    steps: Sequence[dmfa_pb2.SubmitDmfaRequest],
) -> list[notification_pb2.AnomalyReport]:
    return [report for step in steps for report in (*step.part.anomalies, *step.closing.anomalies)]
