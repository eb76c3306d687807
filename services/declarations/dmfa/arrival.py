"""A declaration while it arrives: each part is stored at once, so that none is held in memory."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterable

import grpc
from crossroads.declarations.v1 import dmfa_pb2
from crossroads.forms.v1 import notification_pb2
from sqlalchemy.ext.asyncio import AsyncEngine

from mesh import tickets
from mesh.refusals import Refusal
from services.declarations.dmfa.intake import Intake

LARGEST_PART = 8 << 20
MOST_WORKERS = 1_000
"""Of one part."""
LARGEST_FRAME = 1 << 20


class Arrival:
    """Reads a stream once. What it stored of one that breaks off is dropped."""

    def __init__(self, engine: AsyncEngine, declarant: str) -> None:
        self._engine = engine
        self._declarant = declarant
        self._digest = hashlib.sha256()
        self._parts = 0
        self.ticket = tickets.new()
        self.workers = 0
        self.closing = dmfa_pb2.DmfaClosing()

    async def read(self, requests: AsyncIterator[dmfa_pb2.SubmitDmfaRequest]) -> None:
        """Raises INVALID_ARGUMENT where the steps are out of order, too large or unprintable."""
        try:
            await self._read(requests)
        except BaseException:
            await self.drop()
            raise

    async def drop(self) -> None:
        async with self._engine.begin() as connection:
            await Intake(connection).drop_parts(self._declarant, self.ticket)

    @property
    def digest(self) -> bytes:
        return self._digest.digest()

    async def _read(self, requests: AsyncIterator[dmfa_pb2.SubmitDmfaRequest]) -> None:
        closed = False
        async for request in requests:
            if closed:
                raise malformed("step", "nothing comes after the closing")
            if request.WhichOneof("step") == "part":
                await self._keep(request.part)
            else:
                self._close(request.closing)
                closed = True
        if not closed:
            raise malformed("step", "the closing never came")

    async def _keep(self, part: dmfa_pb2.DmfaPart) -> None:
        content = part.SerializeToString(deterministic=True)
        if len(content) > LARGEST_PART or len(part.persons) > MOST_WORKERS:
            raise too_large(LARGEST_PART)
        check(part.anomalies)
        self._add(content)
        self.workers += len(part.persons)
        async with self._engine.begin() as connection:
            await Intake(connection).put_part(self._declarant, self.ticket, self._parts, content)
        self._parts += 1

    def _close(self, closing: dmfa_pb2.DmfaClosing) -> None:
        if closing.form.employer_declaration.natural_persons:
            raise malformed("closing.form", "workers stand in the parts")
        if closing.ByteSize() > LARGEST_FRAME:
            raise too_large(LARGEST_FRAME)
        check(closing.anomalies)
        self._add(closing.form.SerializeToString(deterministic=True))
        for report in closing.anomalies:
            self._add(report.SerializeToString(deterministic=True))
        self.closing = closing

    def _add(self, content: bytes) -> None:
        self._digest.update(hashlib.sha256(content).digest())


def check(reports: Iterable[notification_pb2.AnomalyReport]) -> None:
    """What the channel found must be zones and kinds."""
    for number, report in enumerate(reports):
        zone, dash, kind = report.error_id.partition("-")
        if not (dash and len(zone) == 5 and len(kind) == 3 and (zone + kind).isascii()):
            raise malformed(f"anomalies[{number}].error_id", "is no zone and kind")
        if not (zone + kind).isdecimal():
            raise malformed(f"anomalies[{number}].error_id", "is no zone and kind")


def malformed(field: str, description: str) -> Refusal:
    return Refusal(
        grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED_REQUEST", violations=[(field, description)]
    )


def too_large(most: int) -> Refusal:
    return Refusal(grpc.StatusCode.INVALID_ARGUMENT, "FORM_TOO_LARGE", metadata={"most": str(most)})
