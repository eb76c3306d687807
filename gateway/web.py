"""The addresses of the gateway: identify, ask, answer in XML."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import grpc
import structlog
from opentelemetry.trace import SpanKind
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway import callers, dimona, documents, personnel_file, published, refused, risk_pages, soap
from gateway.door import DoorBook
from gateway.exchange import Exchange
from gateway.peers import QUARTER_S, Declarations, Personnel, Quarters
from gateway.quarters import FOLDER, QuarterDesk
from mesh import clock, deadlines, telemetry
from mesh.certificates import Certificates
from mesh.identity import Identity
from mesh.refusals import Refusal

LOG = structlog.get_logger()
XML = "application/xml"
WSDL_XML = "text/xml; charset=utf-8"
WHOLE_S = 8.0
"""How long a request may take, whatever it asks."""
Endpoint = Callable[[Request, Identity], Awaitable[Response]]


class Web:
    """The endpoints, each behind the same steps: trace, identity, answer or refusal."""

    def __init__(
        self,
        certificates: Certificates,
        exchange: Exchange,
        declarations: Declarations,
        personnel: Personnel,
        quarters: Quarters,
        door: DoorBook,
        healthy: Callable[[], Awaitable[bool]],
    ) -> None:
        self._certificates = certificates
        self._exchange = exchange
        self._declarations = declarations
        self._personnel = personnel
        self._quarters = QuarterDesk(quarters)
        self._door = door
        self._healthy = healthy

    def application(self) -> Starlette:
        """Errors leave as XML; those of SSDN as SOAP faults."""
        return Starlette(
            routes=[
                Route("/ssdn", self._behind(self._ask, soap.fault), methods=["POST"]),
                Route("/ssdn", self._behind(self._describe), methods=["GET"]),
                Route("/nsso/dimona", self._behind(self._declare), methods=["POST"]),
                Route("/nsso/notifications/{ticket}", self._behind(self._notify), methods=["GET"]),
                Route("/nsso/personnel-file", self._behind(self._list), methods=["POST"]),
                *risk_pages.routes(self._behind, self._declarations.risks),
                *self._routes_of_quarters(),
                Route("/nsso/schemas/{name:path}", self._behind(_publish), methods=["GET"]),
                Route("/health", self._health, methods=["GET"]),
                Route("/{path:path}", self._behind(_nothing)),
            ]
        )

    def _routes_of_quarters(self) -> list[Route]:
        desk = self._quarters
        declare = self._behind(desk.declare, within_s=QUARTER_S)
        answers = {
            "notification": desk.notify,
            "identifiers": desk.identify,
            "notice": desk.tell_changes,
        }
        return [
            Route(FOLDER, declare, methods=["POST"]),
            Route(f"{FOLDER}/updates", self._behind(desk.correct), methods=["POST"]),
            *(
                Route(f"{FOLDER}/{{ticket}}/{name}", self._behind(answer), methods=["GET"])
                for name, answer in answers.items()
            ),
        ]

    def _behind(
        self,
        endpoint: Endpoint,
        write: Callable[[refused.Refused], bytes] = refused.document,
        within_s: float = WHOLE_S,
    ) -> Callable[[Request], Awaitable[Response]]:
        async def serve(request: Request) -> Response:
            name = f"{request.method} {endpoint.__name__.strip('_')}"
            parent = request.headers.get("traceparent", "")
            with telemetry.span(
                name, kind=SpanKind.SERVER, parent=parent, crossroads__channel="xml"
            ):
                deadlines.start(within_s)
                try:
                    caller = await self._identify(request, name)
                    telemetry.note(crossroads__caller=caller.path)
                    response = await endpoint(request, caller)
                except Exception as error:  # noqa: BLE001 - every error leaves as XML
                    response = _refusal(refused.of(error), write)
                telemetry.note(http__response__status_code=response.status_code)
                return response

        return serve

    async def _identify(self, request: Request, asked: str) -> Identity:
        """The caller. One whose certificate no longer holds is turned away, and that is kept."""
        certificate = callers.presented(request.scope)
        try:
            callers.check(certificate, self._certificates)
        except Refusal as refusal:
            await self._door.write(certificate.identity, asked, refusal)
            raise
        return certificate.identity

    async def _ask(self, request: Request, caller: Identity) -> Response:
        body = await documents.receive(request.stream())
        return Response(await self._exchange.answer(caller, body), media_type=WSDL_XML)

    async def _describe(self, request: Request, _: Identity) -> Response:
        address = str(request.url.replace(query="", fragment=""))
        return Response(soap.wsdl(address), media_type=WSDL_XML)

    async def _declare(self, request: Request, caller: Identity) -> Response:
        body = await documents.receive(request.stream())
        forms = dimona.read(documents.parse(body))
        key = request.headers.get("idempotency-key", "")
        ids = dimona.request_ids(caller, body, key, len(forms))
        for form, request_id in zip(forms, ids, strict=True):
            form.request_id = request_id
        receipts = await dimona.submit(self._declarations, caller, forms)
        telemetry.note(crossroads__ticket=receipts[0].ticket)
        where = {"location": f"/nsso/notifications/{receipts[0].ticket}"}
        return _xml(dimona.acrf(receipts), 202, where)

    async def _notify(self, request: Request, caller: Identity) -> Response:
        ticket = request.path_params["ticket"]
        found = await dimona.notification(self._declarations, caller, ticket)
        telemetry.note(crossroads__ticket=ticket)
        if found is None:
            return _xml(b"", 202, {"retry-after": "1"})
        return _xml(found)

    async def _list(self, request: Request, caller: Identity) -> Response:
        body = await documents.receive(request.stream())
        form, anomalies = personnel_file.read(documents.parse(body))
        if anomalies:
            return _xml(personnel_file.refused(anomalies), 400)
        return _xml(await personnel_file.answer(self._personnel, caller, form))

    async def _health(self, _: Request) -> Response:
        healthy = await self._healthy()
        word = "SERVING" if healthy else "NOT_SERVING"
        return Response(word, 200 if healthy else 503, media_type="text/plain")


async def _publish(request: Request, _: Identity) -> Response:
    return await published.answer(request, request.path_params["name"], clock.today())


async def _nothing(_: Request, __: Identity) -> Response:
    raise Refusal(grpc.StatusCode.NOT_FOUND, "NOTHING_HERE")


def _refusal(why: refused.Refused, write: Callable[[refused.Refused], bytes]) -> Response:
    telemetry.note(crossroads__refusal_reason=why.reason)
    status = 500 if write is soap.fault else why.http_status
    return _xml(write(why), status, why.headers)


def _xml(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(body, status, dict(headers or {}), media_type=XML)
