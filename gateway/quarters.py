"""The addresses of quarterly declarations: hand in, correct, and fetch what came of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

from crossroads.forms.v1 import notification_pb2
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from gateway import codec, dimona, documents, quarter_answers, quarterly
from gateway.dimona import Received
from gateway.peers import Quarters
from gateway.quarterly import Reading
from mesh import clock, telemetry
from mesh.identity import Identity

XML = "application/xml"
FOLDER = "/nsso/dmfa"


class QuarterDesk:
    """Each method answers one address, for a caller whose certificate was seen."""

    def __init__(self, quarters: Quarters) -> None:
        self._quarters = quarters

    async def declare(self, request: Request, caller: Identity) -> Response:
        """Originals, of any size, read and handed on while they come."""
        key = request.headers.get("idempotency-key", "")
        reading = Reading(caller, key)
        sent = quarterly.submit(self._quarters, caller, reading, request.stream())
        return _received(await sent)

    async def correct(self, request: Request, caller: Identity) -> Response:
        body = await documents.receive(request.stream())
        key = request.headers.get("idempotency-key", "")
        receipts = []
        for sent in quarterly.corrections(documents.parse(body), caller, key):
            receipt = await self._quarters.correct(caller, sent)
            receipts.append(Received(receipt.ticket, clock.parse(receipt.received_at)))
        return _received(receipts)

    async def notify(self, request: Request, caller: Identity) -> Response:
        ticket = quarter_answers.checked(request.path_params["ticket"])
        telemetry.note(crossroads__ticket=ticket)
        declaration = await self._quarters.declaration(caller, ticket)
        if not declaration.HasField("notification"):
            return Response(b"", 202, {"retry-after": "1"}, media_type=XML)
        document = notification_pb2.Notification(
            schema_location="NOTIFICATION_20223.xsd", forms=[declaration.notification]
        )
        return Response(codec.write(document), media_type=XML)

    async def identify(self, request: Request, caller: Identity) -> Response:
        """The DMFAPID; its first piece is made before anything is answered."""
        ticket = quarter_answers.checked(request.path_params["ticket"])
        telemetry.note(crossroads__ticket=ticket)
        pieces = quarter_answers.identifiers(self._quarters, caller, ticket)
        return StreamingResponse(_chained(await anext(pieces), pieces), media_type=XML)

    async def tell_changes(self, request: Request, caller: Identity) -> Response:
        ticket = quarter_answers.checked(request.path_params["ticket"])
        telemetry.note(crossroads__ticket=ticket)
        return Response(
            await quarter_answers.notice(self._quarters, caller, ticket), media_type=XML
        )


async def _chained(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece


def _received(receipts: list[Received]) -> Response:
    ticket = receipts[0].ticket
    telemetry.note(crossroads__ticket=ticket)
    where = {"location": f"{FOLDER}/{ticket}/notification"}
    return Response(dimona.acrf(receipts, "DMFA"), 202, where, media_type=XML)
