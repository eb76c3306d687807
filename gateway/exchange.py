"""Answering SSDN requests: who sends is who the certificate says, each service on its own."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

import grpc
from crossroads.repertory.v1 import repertory_pb2
from lxml import etree

from gateway import consultation, documents, manage_access, reason_codes, refused, soap, ssdn
from gateway.peers import Repertory, Router
from gateway.ssdn import Reply, Request, ServiceReply, ServiceRequest
from mesh import clock, telemetry, tickets
from mesh.identity import Identity
from mesh.institutions import Institution
from mesh.refusals import Refusal

Answer = Callable[[Identity, Request, ServiceRequest], Awaitable[ServiceReply]]


class Exchange:
    """The services that institutions reach through SSDN."""

    def __init__(self, router: Router, repertory: Repertory) -> None:
        self._router = router
        self._repertory = repertory
        self._services: dict[tuple[str, str], Answer] = {
            (consultation.SERVICE_ID, consultation.VERSION): self._consult,
            (manage_access.SERVICE_ID, manage_access.VERSION): self._manage_access,
        }

    async def answer(self, caller: Identity, body: bytes) -> bytes:
        """The envelope with the reply. Only what is no envelope at all raises a Refusal."""
        received = clock.now()
        document = soap.read(body)
        request: Request | None = None
        try:
            request = ssdn.read(documents.parse(document))
            check_sender(caller, request.user.institution)
            replies = [await self._serve(caller, request, one) for one in request.services]
        except Exception as error:  # noqa: BLE001 - the sender always gets a reply
            reply = _refused(error, request, received)
        else:
            ticket = next((one.ticket for one in replies if one.ticket), "") or tickets.new()
            reply = Reply(ticket, received, clock.now(), request, tuple(replies))
        telemetry.note(crossroads__ticket=reply.ticket)
        return soap.write(ssdn.write(reply))

    async def _serve(
        self, caller: Identity, request: Request, service: ServiceRequest
    ) -> ServiceReply:
        """What a service answers; its refusal is its own, the other services go on."""
        try:
            answer = self._services[service.service_id, service.version]
        except KeyError:
            answer = _unknown
        try:
            return await answer(caller, request, service)
        except Exception as error:  # noqa: BLE001 - a refusal is a reply
            detail = reason_codes.of_refused(refused.of(error), request.language)
            return ServiceReply(service.service_id, service.version, details=(detail,))

    async def _consult(
        self, caller: Identity, request: Request, service: ServiceRequest
    ) -> ServiceReply:
        response = await self._router.consult(
            caller, consultation.read(service.body, request.reference)
        )
        return ServiceReply(
            service.service_id,
            service.version,
            consultation.write(response),
            consultation.details(response, request.language),
            response.ticket,
        )

    async def _manage_access(
        self, caller: Identity, request: Request, service: ServiceRequest
    ) -> ServiceReply:
        asked = manage_access.read(service.body, request.user.institution)
        request_id = _request_id(caller, request, service)
        if asked.action == manage_access.REGISTER:
            await self._repertory.register(
                caller,
                repertory_pb2.RegisterRequest(
                    request_id=request_id, inscriptions=[asked.inscription]
                ),
            )
        elif asked.action == manage_access.UNREGISTER:
            await self._repertory.end(
                caller,
                repertory_pb2.EndRequest(request_id=request_id, inscription=asked.inscription),
            )
        found = await self._repertory.inscriptions(caller, asked.inscription.ssin)
        return ServiceReply(service.service_id, service.version, manage_access.write(asked, found))


def check_sender(caller: Identity, named: Institution) -> None:
    """The institution in the document must be that of the certificate."""
    if caller.kind != "institution" or caller.name != str(named):
        raise Refusal(grpc.StatusCode.PERMISSION_DENIED, "SENDER_MISMATCH")


async def _unknown(_: Identity, __: Request, service: ServiceRequest) -> ServiceReply:
    raise Refusal(
        grpc.StatusCode.INVALID_ARGUMENT,
        "SERVICE_UNKNOWN",
        metadata={"service": service.service_id[:60], "version": service.version[:8]},
    )


def _refused(error: Exception, request: Request | None, received: datetime) -> Reply:
    why = refused.of(error)
    telemetry.note(crossroads__refusal_reason=why.reason)
    detail = reason_codes.of_refused(why, request.language if request else "en")
    shown = request and replace(request, services=())
    return Reply(tickets.new(), received, clock.now(), shown, details=(detail,))


def _request_id(caller: Identity, request: Request, service: ServiceRequest) -> str:
    """The same document is the same request, where the sender marks its requests at all."""
    if not (request.reference or request.time_request):
        return tickets.new()
    total = hashlib.sha256()
    for piece in (caller.path, request.reference, request.time_request):
        total.update(piece.encode() + b"\0")
    total.update(etree.tostring(service.body, method="c14n"))
    return total.hexdigest()
