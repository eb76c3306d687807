"""Social risks in XML: a document becomes submissions; notifications and notices come back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import grpc
from crossroads.declarations.v1 import declarations_pb2, risks_pb2
from crossroads.forms.v1 import (
    incapacity_course_pb2,
    incapacity_pb2,
    notification_pb2,
    social_risk_pb2,
    unemployment_months_pb2,
    unemployment_pb2,
    work_accident_pb2,
)
from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from lxml import etree

from gateway import codec, reading
from gateway.dimona import MOST_ANOMALIES, MOST_AT_ONCE, MOST_FORMS, Received
from gateway.fields import refusal
from gateway.risk_peer import Risks
from mesh import clock, elements
from mesh.elements import Anomaly
from mesh.identity import Identity
from mesh.refusals import Refusal

_FILES = (
    incapacity_course_pb2,
    incapacity_pb2,
    unemployment_months_pb2,
    unemployment_pb2,
    work_accident_pb2,
)
SHA256_HEX = 64
SCENARIOS = tuple(field.name.upper() for field in social_risk_pb2.SocialRiskForm.DESCRIPTOR.fields)
"""Each names the root element of its document."""


@dataclass(frozen=True, slots=True)
class Paper:
    """What goes with a form that was keyed in from paper."""

    image_digest: bytes
    received_on: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A form as read, with what is amiss in its XML."""

    form: social_risk_pb2.SocialRiskForm
    anomalies: tuple[notification_pb2.AnomalyReport, ...]


def read(root: etree._Element) -> list[Sent]:
    """The forms in a document of one scenario, whose root element names it.

    Raises XML_WRONG_ROOT, ARGUMENT_MISSING without forms, ARGUMENT_INVALID with too many.
    """
    name = reading.local_name(root)
    descriptor = _documents().get(name)
    if descriptor is None:
        raise Refusal(
            grpc.StatusCode.INVALID_ARGUMENT,
            "XML_WRONG_ROOT",
            metadata={"expected": ", ".join(SCENARIOS)},
        )
    found, anomalies = codec.check(root, message_factory.GetMessageClass(descriptor))
    forms: list[Message] = list(getattr(found, "forms"))  # noqa: B009 - each document has forms
    if not forms:
        raise refusal("ARGUMENT_MISSING", "Form")
    if len(forms) > MOST_FORMS:
        raise refusal("ARGUMENT_INVALID", "Form")
    places = [f"1,{place}" for place, child in enumerate(root, 1) if child.tag == "Form"]
    of_document = [one for one in anomalies if not _stands_in(one, places)]
    return [
        Sent(
            _wrapped(name, form),
            tuple(
                elements.report(one)
                for one in [*of_document, *(a for a in anomalies if _stands_in(a, [place]))]
            )[:MOST_ANOMALIES],
        )
        for form, place in zip(forms, places, strict=True)
    ]


def paper(headers: Mapping[str, str]) -> Paper:
    """From `Image-Digest` (SHA-256 in hexadecimal) and `Received-On`. Raises ARGUMENT_*."""
    text, received_on = headers.get("image-digest", ""), headers.get("received-on", "")
    if not text or not received_on:
        raise refusal("ARGUMENT_MISSING", "Received-On" if text else "Image-Digest")
    try:
        digest = bytes.fromhex(text)
    except ValueError:
        raise refusal("ARGUMENT_INVALID", "Image-Digest") from None
    if len(text) != SHA256_HEX:
        raise refusal("ARGUMENT_INVALID", "Image-Digest")
    return Paper(digest, received_on)


async def submit(
    risks: Risks, caller: Identity, forms: list[Sent], ids: list[str], keyed: Paper | None
) -> list[Received]:
    """Send every form in; the receipts stand in the order of the forms."""
    received: list[Received] = []
    numbered = list(zip(forms, ids, strict=True))
    for first in range(0, len(numbered), MOST_AT_ONCE):
        several = numbered[first : first + MOST_AT_ONCE]
        received += await asyncio.gather(
            *(_submit(risks, caller, form, request_id, keyed) for form, request_id in several)
        )
    return received


def request(
    sent: Sent, request_id: str, channel: declarations_pb2.Channel.ValueType
) -> risks_pb2.SubmitRiskRequest:
    return risks_pb2.SubmitRiskRequest(
        request_id=request_id, form=sent.form, channel=channel, anomalies=sent.anomalies
    )


async def notification(risks: Risks, caller: Identity, ticket: str) -> bytes | None:
    """The notification on a declaration; None while it is being handled. Raises NOTHING_HERE."""
    found = await risks.risk(caller, ticket)
    return _document(found.notification) if found.HasField("notification") else None


async def notice(risks: Risks, caller: Identity, ticket: str) -> bytes:
    """What was declared otherwise than anticipated. Raises NOTHING_HERE where nothing was."""
    found = await risks.risk(caller, ticket)
    if not found.HasField("notice"):
        raise Refusal(grpc.StatusCode.NOT_FOUND, "NOTHING_HERE")
    return _document(found.notice)


async def _submit(
    risks: Risks, caller: Identity, sent: Sent, request_id: str, keyed: Paper | None
) -> Received:
    receipt: risks_pb2.SubmitRiskResponse | risks_pb2.SubmitPaperRiskResponse
    if keyed is None:
        receipt = await risks.submit(
            caller, request(sent, request_id, declarations_pb2.CHANNEL_XML)
        )
    else:
        receipt = await risks.submit_paper(
            caller,
            risks_pb2.SubmitPaperRiskRequest(
                request_id=request_id,
                form=sent.form,
                image_digest=keyed.image_digest,
                received_on=keyed.received_on,
                anomalies=sent.anomalies,
            ),
        )
    return Received(receipt.ticket, clock.parse(receipt.received_at))


def _document(form: notification_pb2.NotificationForm) -> bytes:
    return codec.write(
        notification_pb2.Notification(schema_location="NOTIFICATION_20223.xsd", forms=[form])
    )


def _wrapped(name: str, form: Message) -> social_risk_pb2.SocialRiskForm:
    whole = social_risk_pb2.SocialRiskForm()
    getattr(whole, name.lower()).CopyFrom(form)
    return whole


def _stands_in(anomaly: Anomaly, places: list[str]) -> bool:
    return any(f"{anomaly.location},".startswith(f"{place},") for place in places)


@cache
def _documents() -> Mapping[str, Descriptor]:
    """The document of each scenario, by the name of its root element."""
    return {
        elements.block(message).name: message
        for file in _FILES
        for message in file.DESCRIPTOR.message_types_by_name.values()
        if message.name.upper() in SCENARIOS
    }
