"""The service `Consult`: a consultation in XML is the consultation of gRPC, word for word."""

from __future__ import annotations

from typing import Any

from crossroads.router.v1 import decision_pb2, exchange_pb2
from google.protobuf import message_factory
from google.protobuf.message import Message
from lxml import etree

from gateway import codec, reason_codes
from gateway.fields import Fields, put, refusal
from gateway.namespaces import EXCHANGE
from gateway.ssdn import Detail
from mesh import attestations, refusals

SERVICE_ID, VERSION = "Consult", "20260101"
_UNSETTLED = {
    exchange_pb2.ANSWER_STATUS_LATE: "HOLDER_LATE",
    exchange_pb2.ANSWER_STATUS_UNAVAILABLE: "HOLDER_UNAVAILABLE",
}


def read(body: etree._Element, reference: str) -> exchange_pb2.ConsultRequest:
    """The question in `ConsultRequest`. Raises ARGUMENT_MISSING or ARGUMENT_INVALID."""
    if body.tag != f"{{{EXCHANGE}}}ConsultRequest":
        raise refusal("ARGUMENT_MISSING", "ConsultRequest")
    fields = Fields(body, EXCHANGE)
    data_sorts = [data_sort.value for data_sort in fields.all("DataSort")]
    if not data_sorts:
        raise refusal("ARGUMENT_MISSING", "DataSort")
    return exchange_pb2.ConsultRequest(
        ssin=fields.text("SSIN"),
        data_sorts=data_sorts,
        quality=fields.number("Quality", 0),
        period=fields.period("Period"),
        purpose=fields.text("Purpose"),
        freshness=fields.optional("Freshness"),
        reference=reference[:64],
    )


def write(response: exchange_pb2.ConsultResponse) -> etree._Element:
    """`ConsultReply`: the decision and its grounds, and what each holder answered."""
    spaces: Any = {None: EXCHANGE}
    reply = etree.Element(f"{{{EXCHANGE}}}ConsultReply", nsmap=spaces)
    put(reply, "Ticket", response.ticket)
    if response.replaced_by:
        put(reply, "ReplacedBy", response.replaced_by)
    if response.deceased_on:
        put(reply, "DeceasedOn", response.deceased_on)
    reply.append(codec.tree(response.decision, "Decision", EXCHANGE))
    for answer in response.answers:
        bare = exchange_pb2.HolderAnswer()
        bare.CopyFrom(answer)
        bare.ClearField("attestations")
        element = codec.tree(bare, "Answer", EXCHANGE)
        for packed in answer.attestations:
            descriptor = attestations.BY_NAME[packed.TypeName()]
            attestation: Message = message_factory.GetMessageClass(descriptor)()
            packed.Unpack(attestation)
            element.append(codec.tree(attestation, namespace=EXCHANGE))
        reply.append(element)
    return reply


def details(response: exchange_pb2.ConsultResponse, language: str) -> tuple[Detail, ...]:
    """What was refused, and which holders did not answer, as lines of the result summary."""
    refused = [
        _line(decision_pb2.RefusalReason.Name(one.reason), one.data_sort, language)
        for one in response.decision.data_sorts
        if one.verdict == decision_pb2.VERDICT_REFUSED
    ]
    unsettled = [
        _line(_UNSETTLED[answer.status], answer.data_sort, language)
        for answer in response.answers
        if answer.status in _UNSETTLED
    ]
    return (*refused, *unsettled)


def _line(name: str, data_sort: str, language: str) -> Detail:
    reason = name.removeprefix("REFUSAL_REASON_")
    text = refusals.text(reason, language)
    return reason_codes.of_reason(reason, text, ("DataSort", data_sort))
