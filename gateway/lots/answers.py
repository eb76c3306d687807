"""What becomes of the forms of a file, as the sender is told of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence

import grpc
from crossroads.forms.v1 import notification_pb2

from gateway import codec
from gateway.lots.dossier import Receipt
from mesh import clock, elements, tickets
from mesh.elements import Anomaly
from mesh.refusals import Refusal, of_error

MOST_AT_ONCE = 16
"""Fewer than come online: who waits at a screen goes first."""
INVALID_FORM = "90059-003"
_FINAL = frozenset(
    {
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.ALREADY_EXISTS,
        grpc.StatusCode.FAILED_PRECONDITION,
    }
)
"""What the intake will say of a form however often it is sent."""
Told = notification_pb2.NotificationForm | None
"""A notification; None while the form is being handled."""


async def several(each: Iterable[Awaitable[Receipt]]) -> list[Receipt]:
    """Receipts in the order of the forms, so many at once."""
    room = asyncio.Semaphore(MOST_AT_ONCE)

    async def one(taken: Awaitable[Receipt]) -> Receipt:
        async with room:
            return await taken

    return await asyncio.gather(*(one(taken) for taken in each))


async def receipt(taking: Awaitable[tuple[str, str]]) -> Receipt:
    """The ticket and the moment that the intake gave, or what it refused the form for.

    Raises AioRpcError for what may go better another time.
    """
    try:
        ticket, at = await taking
    except grpc.aio.AioRpcError as error:
        if error.code() not in _FINAL:
            raise
        return _refused(of_error(error))
    return Receipt(ticket, clock.parse(at))


async def notifications(
    receipts: Sequence[Receipt], told: Callable[[str], Awaitable[Told]]
) -> bytes | None:
    """How each form fared, in the order of the file; None while one is being handled."""
    forms: list[notification_pb2.NotificationForm] = []
    for first in range(0, len(receipts), MOST_AT_ONCE):
        some = receipts[first : first + MOST_AT_ONCE]
        found = await asyncio.gather(*(_told(one, told) for one in some))
        if any(form is None for form in found):
            return None
        forms.extend(form for form in found if form is not None)
    return document(forms)


def tried(reports: Iterable[Sequence[notification_pb2.AnomalyReport]]) -> bytes:
    """What each form would meet as far as it shows it itself; nothing is declared."""
    return document(_form(Receipt(tickets.new(), clock.now()), each) for each in reports)


def document(forms: Iterable[notification_pb2.NotificationForm]) -> bytes:
    return codec.write(
        notification_pb2.Notification(schema_location="NOTIFICATION_20223.xsd", forms=forms)
    )


def _refused(refusal: Refusal) -> Receipt:
    error_id = refusal.metadata.get("error_id", INVALID_FORM)
    return Receipt(tickets.new(), clock.now(), refusal.reason, error_id)


async def _told(one: Receipt, told: Callable[[str], Awaitable[Told]]) -> Told:
    if one.refused:
        anomaly = Anomaly(one.error_id, "Form", one.refused)
        return _form(one, [elements.report(anomaly)])
    return await told(one.ticket)


def _form(
    of: Receipt, reports: Sequence[notification_pb2.AnomalyReport]
) -> notification_pb2.NotificationForm:
    at = of.at.astimezone(clock.BRUSSELS)
    return notification_pb2.NotificationForm(
        identification="NOTI001",
        form_creation_date=at.date().isoformat(),
        form_creation_hour=at.strftime("%H:%M:%S.") + f"{at.microsecond // 1000:03d}",
        attestation_status="0",
        type_form="FA",
        handled_reference=notification_pb2.HandledReference(
            reference_type="1", reference_origin="2", reference_nbr=of.ticket
        ),
        handling_result=notification_pb2.HandlingResult(
            result_code="0" if reports else "1", anomaly_reports=reports
        ),
    )
