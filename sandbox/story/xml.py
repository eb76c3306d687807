"""The welfare centre's older software: the same consultation as an SSDN request over SOAP."""

from __future__ import annotations

import re
from http import HTTPStatus

import httpx
from crossroads.attestations.v1 import attestations_pb2
from crossroads.router.v1 import exchange_pb2
from google.protobuf.message import Message
from lxml import etree

from mesh import clock
from sandbox import payroll
from sandbox.story import consultations
from sandbox.story.stage import Stage
from sandbox.story.telling import Told, expect

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
CONNECTOR = "http://ksz-bcss.fgov.be/connectors/WebServiceConnector"
SSDN = "http://www.ksz-bcss.fgov.be/XSD/SSDN/Service"
EXCHANGE = "urn:crossroads:exchange:1"
RESOURCE = "3"
"""Class, the second digit of a reason code, of what another try may mend."""
ORG_UNIT = "0400000185"


async def by_ssdn(stage: Stage) -> Told:
    """Ask by XML, and find what gRPC answered, field by field."""
    request = consultations.by_the_centre()
    envelope = enveloped(ssdn_request(request))
    async with stage.https(consultations.CENTRE) as client:
        reply = await stage.persist(lambda: _send(client, envelope))
    ticket = _text(reply, "Ticket")
    expect(
        _summary(reply) == "YES", f"the reply says {_summary(reply)}: {_text(reply, 'ReasonCode')}"
    )
    found = list(reply.iter("{*}EmploymentPeriod"))
    expect(len(found) == 1, f"{len(found)} employments in the reply, not one")
    employment = read(found[0], attestations_pb2.EmploymentPeriod())
    expect(employment == stage.memory.consulted, "XML and gRPC answer differently")
    stage.memory.tickets["consultation by SSDN"] = ticket
    fields = ", ".join(field.name for field, _ in employment.ListFields())
    return Told("answered", ticket, (f"equal to the answer by gRPC in every field: {fields}",))


def ssdn_request(request: exchange_pb2.ConsultRequest) -> etree._Element:
    root = etree.Element(_in(SSDN, "SSDNRequest"), nsmap={"ssdn": SSDN})
    context = _add(root, "RequestContext")
    user = _add(context, "AuthorizedUser")
    _add(user, "UserID", "centre")
    _add(user, "Email", "software@centre.example")
    _add(user, "OrgUnit", ORG_UNIT)
    _add(user, "MatrixID", "17")
    _add(user, "MatrixSubID", "1")
    message = _add(context, "Message")
    _add(message, "Reference", request.reference)
    _add(message, "TimeRequest", clock.now().strftime("%Y%m%dT%H%M%S"))
    service = _add(root, "ServiceRequest")
    _add(service, "ServiceId", "Consult")
    _add(service, "Version", "20260101")
    body = etree.SubElement(service, _in(EXCHANGE, "ConsultRequest"), nsmap={"x": EXCHANGE})
    _add(body, "SSIN", request.ssin)
    for data_sort in request.data_sorts:
        _add(body, "DataSort", data_sort)
    _add(body, "Quality", str(request.quality))
    period = _add(body, "Period")
    _add(period, "StartDate", request.period.begin)
    _add(period, "EndDate", request.period.begin)
    _add(body, "Purpose", request.purpose)
    return root


def enveloped(document: etree._Element) -> bytes:
    """The document as text within `xmlString`, as the connector takes it."""
    envelope = etree.Element(_in(SOAP, "Envelope"), nsmap={"soap": SOAP})
    body = etree.SubElement(envelope, _in(SOAP, "Body"))
    text = etree.SubElement(body, _in(CONNECTOR, "xmlString"), nsmap={"c": CONNECTOR})
    text.text = etree.tostring(document, encoding="unicode")
    return etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")


def read(element: etree._Element, message: Message) -> Message:
    """Fill a message from an element whose children bear its fields' names in camel case."""
    for child in element:
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", etree.QName(child).localname).lower()
        field = message.DESCRIPTOR.fields_by_name[name]
        if field.message_type is not None:
            read(child, getattr(message, name))
        else:
            setattr(message, name, child.text or "")
    return message


async def _send(client: httpx.AsyncClient, envelope: bytes) -> etree._Element:
    answer = await client.post(
        "/ssdn",
        content=envelope,
        headers={"content-type": "text/xml; charset=utf-8", "soapaction": '"sendXML"'},
    )
    if answer.status_code in payroll.PASSING:
        raise httpx.RemoteProtocolError(f"the gateway answers {answer.status_code}")
    expect(answer.status_code == HTTPStatus.OK, f"{answer.status_code}: {answer.text[:400]}")
    text = _text(etree.fromstring(answer.content), "xmlString")
    reply = etree.fromstring(text.encode())
    if any((code.text or "")[1:2] == RESOURCE for code in reply.iter("{*}ReasonCode")):
        raise httpx.RemoteProtocolError("a resource behind the gateway does not answer")
    return reply


def _summary(reply: etree._Element) -> str:
    found = next(reply.iter("{*}ResultSummary"), None)
    return found.get("ok", "") if found is not None else "nothing"


def _text(root: etree._Element, name: str) -> str:
    found = next(root.iter(f"{{*}}{name}"), None)
    return (found.text or "") if found is not None else ""


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    """A child in its parent's namespace."""
    namespace = etree.QName(parent).namespace
    child = etree.SubElement(parent, f"{{{namespace}}}{name}")
    child.text = text
    return child


def _in(namespace: str, name: str) -> str:
    return f"{{{namespace}}}{name}"
