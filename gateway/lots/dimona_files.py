"""Files of Dimona: handed to the intake in the sender's name, and told how each form fared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crossroads.declarations.v1 import declarations_pb2

from gateway import dimona, documents
from gateway.lots import answers
from gateway.lots.answers import Told
from gateway.lots.dossier import Receipt
from gateway.peers import Declarations
from mesh.identity import Identity


class DimonaFiles:
    most_bytes = documents.MOST_BYTES

    def __init__(self, declarations: Declarations) -> None:
        self._declarations = declarations

    def check(self, content: bytes) -> None:
        dimona.read(documents.parse(content))

    def tried(self, content: bytes) -> bytes:
        return answers.tried(one.anomalies for one in dimona.read(documents.parse(content)))

    async def submit(self, sender: Identity, content: bytes) -> list[Receipt]:
        requests = dimona.read(documents.parse(content))
        ids = dimona.request_ids(sender, content, "", len(requests))
        for request, request_id in zip(requests, ids, strict=True):
            request.request_id = request_id
            request.channel = declarations_pb2.CHANNEL_FILE
        return await answers.several(
            answers.receipt(self._taken(sender, request)) for request in requests
        )

    async def notified(self, sender: Identity, receipts: Sequence[Receipt]) -> bytes | None:
        async def told(ticket: str) -> Told:
            found = await self._declarations.declaration(sender, ticket)
            return found.notification if found.HasField("notification") else None

        return await answers.notifications(receipts, told)

    async def further(self, _: Identity, __: Sequence[Receipt]) -> Mapping[str, bytes]:
        return {}

    async def _taken(
        self, sender: Identity, request: declarations_pb2.SubmitDimonaRequest
    ) -> tuple[str, str]:
        taken = await self._declarations.submit(sender, request)
        return taken.ticket, taken.received_at
