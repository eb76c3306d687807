"""The SSDN envelope: requests for services, replies with their result summaries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import grpc
from lxml import etree

from gateway.fields import Fields, put, refusal
from gateway.namespaces import SSDN, SSDN_COMMON
from mesh import clock
from mesh.institutions import Institution
from mesh.refusals import LANGUAGES, Refusal

ERROR, WARNING, INFORMATION = "ERROR", "WARNING", "INFORMATION"
AT_LEAST_ONE_ERROR, AT_LEAST_ONE_WARNING = "30000001", "20000001"
MOST_SERVICES, MOST_DETAILS, MOST_INFORMATION = 20, 30, 5
_SUMMARY = {ERROR: ("NO", "10000"), WARNING: ("WARNING", "1"), INFORMATION: ("YES", "0")}
_GRAVEST_FIRST = (ERROR, WARNING, INFORMATION)


@dataclass(frozen=True, slots=True)
class User:
    """Who the request says it comes from."""

    fields: Fields
    institution: Institution


@dataclass(frozen=True, slots=True)
class ServiceRequest:
    """One service asked for, with its body."""

    service_id: str
    version: str
    body: etree._Element


@dataclass(frozen=True, slots=True)
class Request:
    """A whole request; `reference` and `time_request` are the sender's own.

    `language` of the texts is `en` unless the sender asks for another of the four.
    """

    user: User
    reference: str
    time_request: str
    language: str
    services: tuple[ServiceRequest, ...]


@dataclass(frozen=True, slots=True)
class Detail:
    """One line of a result summary; `information` are names and values of fields."""

    severity: str
    reason_code: str
    diagnostic: str
    information: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceReply:
    """What one service answered. `ticket` is that of the exchange it caused; empty: none."""

    service_id: str
    version: str
    body: etree._Element | None = None
    details: tuple[Detail, ...] = ()
    ticket: str = ""

    @property
    def severity(self) -> str:
        return worst(self.details)


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply. `details` are those of the context, besides what the services say."""

    ticket: str
    received: datetime
    responded: datetime
    request: Request | None = None
    services: tuple[ServiceReply, ...] = ()
    details: tuple[Detail, ...] = field(default=())


def read(root: etree._Element) -> Request:
    """The request in a document. Elements that are not looked for are passed over.

    Raises XML_WRONG_ROOT, ARGUMENT_MISSING or ARGUMENT_INVALID.
    """
    if root.tag != f"{{{SSDN}}}SSDNRequest":
        raise Refusal(
            grpc.StatusCode.INVALID_ARGUMENT, "XML_WRONG_ROOT", metadata={"expected": "SSDNRequest"}
        )
    fields = Fields(root, SSDN)
    context = fields.child("RequestContext")
    user = context.child("AuthorizedUser")
    user.text("UserID")
    institution = Institution(user.number("MatrixID"), user.number("MatrixSubID", 0))
    services = tuple(_service(service) for service in fields.all("ServiceRequest"))
    if not services:
        raise refusal("ARGUMENT_MISSING", "ServiceRequest")
    if len(services) > MOST_SERVICES:
        raise refusal("ARGUMENT_INVALID", "ServiceRequest")
    message = context.child("Message") if context.has("Message") else context
    language = message.optional("Language").lower()
    return Request(
        User(user, institution),
        message.optional("Reference"),
        message.optional("TimeRequest"),
        language if language in LANGUAGES else "en",
        services,
    )


def write(reply: Reply) -> etree._Element:
    """`SSDNReply`; the summary of its context is the worst of those of its services."""
    spaces: Any = {None: SSDN, "c": SSDN_COMMON}
    root = etree.Element(f"{{{SSDN}}}SSDNReply", nsmap=spaces)
    context = put(root, "ReplyContext")
    _summarise(context, _of_context(reply))
    if reply.request is not None:
        _copy_user(context, reply.request.user.fields)
    message = put(context, "Message")
    if reply.request is not None and reply.request.reference:
        put(message, "Reference", reply.request.reference)
    put(message, "Ticket", reply.ticket)
    if reply.request is not None and reply.request.time_request:
        put(message, "TimeRequest", reply.request.time_request)
    put(message, "TimeReceive", _moment(reply.received))
    put(message, "TimeResponse", _moment(reply.responded))
    for service in reply.services:
        element = put(root, "ServiceReply")
        _summarise(element, service.details)
        put(element, "ServiceId", service.service_id)
        put(element, "Version", service.version)
        if service.body is not None:
            element.append(service.body)
    return root


def worst(details: Sequence[Detail]) -> str:
    """The gravest severity among details; INFORMATION where there are none."""
    severities = {detail.severity for detail in details}
    return next((severity for severity in _GRAVEST_FIRST if severity in severities), INFORMATION)


def _of_context(reply: Reply) -> tuple[Detail, ...]:
    severities = {service.severity for service in reply.services}
    if ERROR in severities:
        told = Detail(ERROR, AT_LEAST_ONE_ERROR, "At least one service replied with an error.")
        return (*reply.details, told)
    if WARNING in severities:
        told = Detail(WARNING, AT_LEAST_ONE_WARNING, "At least one service replied with a warning.")
        return (*reply.details, told)
    return reply.details


def _summarise(parent: etree._Element, details: Sequence[Detail]) -> None:
    ok, code = _SUMMARY[worst(details)]
    summary = etree.SubElement(parent, f"{{{SSDN_COMMON}}}ResultSummary", ok=ok)
    put(summary, "ReturnCode", code)
    for detail in details[:MOST_DETAILS]:
        line = put(summary, "Detail")
        put(line, "Severity", detail.severity)
        put(line, "ReasonCode", detail.reason_code)
        put(line, "Diagnostic", detail.diagnostic)
        put(line, "AuthorCodeList", "CBSS")
        for name, value in detail.information[:MOST_INFORMATION]:
            information = put(line, "Information")
            put(information, "FieldName", name)
            put(information, "FieldValue", value)


def _copy_user(context: etree._Element, user: Fields) -> None:
    copy = put(context, "AuthorizedUser")
    for name in ("UserID", "Email", "OrgUnit", "MatrixID", "MatrixSubID"):
        if user.has(name):
            put(copy, name, user.optional(name))


def _service(fields: Fields) -> ServiceRequest:
    known = {f"{{{SSDN}}}ServiceId", f"{{{SSDN}}}Version"}
    bodies = [child for child in fields.element if child.tag not in known]
    if len(bodies) != 1:
        raise refusal("ARGUMENT_MISSING", "ServiceRequest")
    return ServiceRequest(fields.text("ServiceId"), fields.text("Version"), bodies[0])


def _moment(moment: datetime) -> str:
    return moment.astimezone(clock.BRUSSELS).strftime("%Y%m%dT%H%M%S")
