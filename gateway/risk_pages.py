"""The addresses of social risks: declare, be notified, finalise, cancel, read what differs."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable

import grpc
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway import dimona, documents, risks
from gateway.risk_peer import Risks
from mesh import telemetry
from mesh.identity import Identity
from mesh.refusals import Refusal

XML = "application/xml"
Endpoint = Callable[[Request, Identity], Awaitable[Response]]
Serve = Callable[[Request], Awaitable[Response]]
_TICKET = re.compile(r"[A-Z0-9]{15}")


def routes(behind: Callable[[Endpoint], Serve], peer: Risks) -> list[Route]:
    """Each behind the steps that every address of the gateway has."""
    pages = _Pages(peer)
    one = "/nsso/risks/{ticket}"
    return [
        Route("/nsso/risks", behind(pages.declare), methods=["POST"]),
        Route(one, behind(pages.notify), methods=["GET"]),
        Route(f"{one}/notice", behind(pages.tell_differences), methods=["GET"]),
        Route(f"{one}/finalisation", behind(pages.finalise), methods=["POST"]),
        Route(f"{one}/cancellation", behind(pages.cancel), methods=["POST"]),
    ]


class _Pages:
    def __init__(self, peer: Risks) -> None:
        self._risks = peer

    async def declare(self, request: Request, caller: Identity) -> Response:
        """An officer of an institution keys paper in; everybody else declares for herself."""
        body = await documents.receive(request.stream())
        keyed = risks.paper(request.headers) if caller.kind == "institution" else None
        forms = risks.read(documents.parse(body))
        key = request.headers.get("idempotency-key", "")
        ids = dimona.request_ids(caller, body, key, len(forms))
        receipts = await risks.submit(self._risks, caller, forms, ids, keyed)
        telemetry.note(crossroads__ticket=receipts[0].ticket)
        return _accepted(receipts[0].ticket, dimona.acrf(receipts))

    async def notify(self, request: Request, caller: Identity) -> Response:
        found = await risks.notification(self._risks, caller, _ticket(request))
        if found is None:
            return Response(b"", 202, {"retry-after": "1"}, media_type=XML)
        return Response(found, media_type=XML)

    async def tell_differences(self, request: Request, caller: Identity) -> Response:
        found = await risks.notice(self._risks, caller, _ticket(request))
        return Response(found, media_type=XML)

    async def finalise(self, request: Request, caller: Identity) -> Response:
        number = _ticket(request)
        request_id = _request_id(request, caller, number)
        return _accepted(await self._risks.finalise(caller, number, request_id))

    async def cancel(self, request: Request, caller: Identity) -> Response:
        number = _ticket(request)
        request_id = _request_id(request, caller, number)
        return _accepted(await self._risks.cancel(caller, number, request_id))


def _ticket(request: Request) -> str:
    ticket: str = request.path_params["ticket"]
    if not _TICKET.fullmatch(ticket):
        raise Refusal(grpc.StatusCode.NOT_FOUND, "NOTHING_HERE")
    telemetry.note(crossroads__ticket=ticket)
    return ticket


def _request_id(request: Request, caller: Identity, number: str) -> str:
    """From the sender's own key, or from what is asked: asking again is safe."""
    key = request.headers.get("idempotency-key", "")
    whole = f"{caller.path}\0{request.url.path}\0{number}".encode()
    return dimona.request_ids(caller, whole, key, 1)[0] if key else _digest(whole)


def _digest(whole: bytes) -> str:
    return hashlib.sha256(whole).hexdigest()


def _accepted(ticket: str, body: bytes = b"") -> Response:
    where = {"location": f"/nsso/risks/{ticket}"}
    return Response(body, 202, where, media_type=XML)
