"""Dimona in XML: a document becomes one submission a form, the receipt is an ACRF."""

from __future__ import annotations

import asyncio
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

import grpc
from crossroads.declarations.v1 import declarations_pb2
from crossroads.forms.v1 import acrf_pb2, dimona_pb2, notification_pb2
from lxml import etree

from gateway import codec
from gateway.fields import refusal
from gateway.peers import Declarations
from mesh import clock, elements
from mesh.elements import Anomaly
from mesh.identity import Identity
from mesh.refusals import Refusal

MOST_FORMS = 1000
MOST_AT_ONCE = 32
MOST_ANOMALIES = 1000
_KEY = re.compile(r"[A-Za-z0-9._:-]{8,56}")
_TICKET = re.compile(r"[A-Z0-9]{15}")


@dataclass(frozen=True, slots=True)
class Received:
    """A receipt: the ticket of a form and when it was stored."""

    ticket: str
    at: datetime


def read(root: etree._Element) -> list[declarations_pb2.SubmitDimonaRequest]:
    """The submissions in a document, each with what is amiss in its XML, still without id.

    Raises XML_WRONG_ROOT, ARGUMENT_MISSING without forms, ARGUMENT_INVALID with too many.
    """
    document, anomalies = codec.check(root, dimona_pb2.Dimona)
    if not document.forms:
        raise refusal("ARGUMENT_MISSING", "Form")
    if len(document.forms) > MOST_FORMS:
        raise refusal("ARGUMENT_INVALID", "Form")
    places = [f"1,{place}" for place, child in enumerate(root, 1) if child.tag == "Form"]
    of_document = [one for one in anomalies if not _stands_in(one, places)]
    return [
        declarations_pb2.SubmitDimonaRequest(
            form=form,
            channel=declarations_pb2.CHANNEL_XML,
            place=place,
            anomalies=[
                elements.report(one)
                for one in [*of_document, *(a for a in anomalies if _stands_in(a, [place]))]
            ][:MOST_ANOMALIES],
        )
        for form, place in zip(document.forms, places, strict=True)
    ]


def _stands_in(anomaly: Anomaly, places: list[str]) -> bool:
    return any(f"{anomaly.location},".startswith(f"{place},") for place in places)


def request_ids(caller: Identity, body: bytes, key: str, count: int) -> list[str]:
    """One id a form, from the sender's own key or from the document: sending again is safe.

    Raises ARGUMENT_INVALID where the key is not 8 to 56 letters, digits, `.`, `_`, `:` or `-`.
    """
    if key and not _KEY.fullmatch(key):
        raise refusal("ARGUMENT_INVALID", "Idempotency-Key")
    digest = hashlib.sha256(caller.path.encode() + b"\0" + body).hexdigest()[:48]
    return [f"{key or digest}-{number}" for number in range(1, count + 1)]


async def submit(
    declarations: Declarations,
    caller: Identity,
    requests: list[declarations_pb2.SubmitDimonaRequest],
) -> list[Received]:
    """Send every form in; the receipts stand in the order of the forms."""
    received: list[Received] = []
    for first in range(0, len(requests), MOST_AT_ONCE):
        several = requests[first : first + MOST_AT_ONCE]
        receipts = await asyncio.gather(*(declarations.submit(caller, one) for one in several))
        received += [Received(one.ticket, clock.parse(one.received_at)) for one in receipts]
    return received


def acrf(receipts: list[Received], kind: str = "DIMN") -> bytes:
    """The reception: one form a receipt, its ticket as reference number."""
    document = acrf_pb2.Acrf(schema_location="ACRF_20231.xsd")
    for number, receipt in enumerate(receipts, 1):
        at = receipt.at.astimezone(clock.BRUSSELS)
        form = document.forms.add(
            identification="ACRF001",
            form_creation_date=at.date().isoformat(),
            form_creation_hour=at.strftime("%H:%M:%S.") + f"{at.microsecond // 1000:03d}",
            attestation_status="0",
            type_form="FA",
        )
        form.file_reference.file_name = f"FI.{kind}.{receipts[0].ticket}.{number}.{len(receipts)}"
        form.file_reference.reference_origin = "2"
        form.file_reference.reference_nbr = receipt.ticket
        form.reception_result.result_code = "1"
    return codec.write(document)


async def notification(declarations: Declarations, caller: Identity, ticket: str) -> bytes | None:
    """The notification on a declaration; None while it is being handled. Raises NOTHING_HERE."""
    if not _TICKET.fullmatch(ticket):
        raise Refusal(grpc.StatusCode.NOT_FOUND, "NOTHING_HERE")
    declaration = await declarations.declaration(caller, ticket)
    if not declaration.HasField("notification"):
        return None
    document = notification_pb2.Notification(
        schema_location="NOTIFICATION_20223.xsd", forms=[declaration.notification]
    )
    return codec.write(document)
