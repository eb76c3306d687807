"""The forms of a file: handed to the intake in the sender's name, and told how each fared."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import grpc
from crossroads.declarations.v1 import declarations_pb2
from crossroads.forms.v1 import notification_pb2
from lxml import etree

from gateway import codec, dimona, documents
from gateway.lots.dossier import Receipt
from gateway.peers import Declarations
from mesh import clock, elements, tickets
from mesh.elements import Anomaly
from mesh.identity import Identity
from mesh.refusals import of_error

MOST_AT_ONCE = 16
"""Fewer than come online: who waits at a screen goes first."""
FINAL = frozenset(
    {
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.ALREADY_EXISTS,
        grpc.StatusCode.FAILED_PRECONDITION,
    }
)
"""What the intake will say of a form however often it is sent."""
INVALID_FORM = "90059-003"
Request = declarations_pb2.SubmitDimonaRequest
FORMS: dict[str, Callable[[etree._Element], list[Request]]] = {"DIMN": dimona.read}
"""By the form in the name of a file: how its document is read."""


def read(form: str, content: bytes) -> list[Request]:
    """The submissions in a document that was found good before."""
    requests = FORMS[form](documents.parse(content))
    for request in requests:
        request.channel = declarations_pb2.CHANNEL_FILE
    return requests


async def submit(
    declarations: Declarations, sender: Identity, requests: Sequence[Request], content: bytes
) -> list[Receipt]:
    """Hand every form in, again safely; the ids are those of the same document sent online."""
    ids = dimona.request_ids(sender, content, "", len(requests))
    for request, request_id in zip(requests, ids, strict=True):
        request.request_id = request_id
    receipts: list[Receipt] = []
    for first in range(0, len(requests), MOST_AT_ONCE):
        several = requests[first : first + MOST_AT_ONCE]
        receipts += await asyncio.gather(*(_submit(declarations, sender, one) for one in several))
    return receipts


async def notifications(
    declarations: Declarations, sender: Identity, receipts: Sequence[Receipt]
) -> bytes | None:
    """How each form fared, in the order of the file; None while one is being handled."""
    document = notification_pb2.Notification(schema_location="NOTIFICATION_20223.xsd")
    for first in range(0, len(receipts), MOST_AT_ONCE):
        several = receipts[first : first + MOST_AT_ONCE]
        told = await asyncio.gather(*(_told(declarations, sender, one) for one in several))
        if any(form is None for form in told):
            return None
        document.forms.extend(form for form in told if form is not None)
    return codec.write(document)


def tried(requests: Sequence[Request]) -> bytes:
    """What the forms would meet as far as they themselves show it; nothing is declared."""
    document = notification_pb2.Notification(schema_location="NOTIFICATION_20223.xsd")
    for number, request in enumerate(requests, 1):
        found = [elements.report(one) for one in elements.anomalies(request.form, f"1,{number}")]
        receipt = Receipt(tickets.new(), clock.now())
        document.forms.append(_form(receipt, [*found, *request.anomalies]))
    return codec.write(document)


async def _submit(declarations: Declarations, sender: Identity, request: Request) -> Receipt:
    try:
        receipt = await declarations.submit(sender, request)
    except grpc.aio.AioRpcError as error:
        if error.code() not in FINAL:
            raise
        refusal = of_error(error)
        error_id = refusal.metadata.get("error_id", INVALID_FORM)
        return Receipt(tickets.new(), clock.now(), refusal.reason, error_id)
    return Receipt(receipt.ticket, clock.parse(receipt.received_at))


async def _told(
    declarations: Declarations, sender: Identity, receipt: Receipt
) -> notification_pb2.NotificationForm | None:
    if receipt.refused:
        anomaly = Anomaly(receipt.error_id, "Form", receipt.refused)
        return _form(receipt, [elements.report(anomaly)])
    declaration = await declarations.declaration(sender, receipt.ticket)
    return declaration.notification if declaration.HasField("notification") else None


def _form(
    receipt: Receipt, reports: Sequence[notification_pb2.AnomalyReport]
) -> notification_pb2.NotificationForm:
    at = receipt.at.astimezone(clock.BRUSSELS)
    return notification_pb2.NotificationForm(
        identification="NOTI001",
        form_creation_date=at.date().isoformat(),
        form_creation_hour=at.strftime("%H:%M:%S.") + f"{at.microsecond // 1000:03d}",
        attestation_status="0",
        type_form="FA",
        handled_reference=notification_pb2.HandledReference(
            reference_type="1", reference_origin="2", reference_nbr=receipt.ticket
        ),
        handling_result=notification_pb2.HandlingResult(
            result_code="0" if reports else "1", anomaly_reports=reports
        ),
    )
