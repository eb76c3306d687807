"""A payroll package: it writes Dimona messages, sends them, and reads what comes back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from http import HTTPStatus

import httpx
from lxml import etree

XSI = "http://www.w3.org/2001/XMLSchema-instance"
SCHEMA = "Dimona_20231.xsd"
PASSING = frozenset(
    {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}
)
"""What a gateway answers while something behind it is being restarted."""


@dataclass(frozen=True, slots=True)
class Anomaly:
    """What was wrong with a declaration."""

    error_id: str
    tag: str


@dataclass(frozen=True, slots=True)
class Notification:
    """What came of a declaration."""

    accepted: bool
    dimona_period_id: str
    anomalies: tuple[Anomaly, ...]


def dimona_in(  # one argument for each element that the story varies
    now: datetime, nsso_number: str, ssin: str, start: date, end: date | None = None
) -> bytes:
    form = _form(now)
    body = etree.SubElement(form, "DimonaIn")
    _add(body, "StartingDate", start.isoformat())
    _add(body, "StartingHour", "0800")
    if end is not None:
        _add(body, "EndingDate", end.isoformat())
    _add(etree.SubElement(body, "EmployerId"), "NOSSRegistrationNbr", nsso_number)
    _add(etree.SubElement(body, "NaturalPerson"), "INSS", ssin)
    features = etree.SubElement(body, "DimonaFeatures")
    _add(features, "JointCommissionNbr", "XXX")
    _add(features, "WorkerType", "OTH")
    return _document(form)


def dimona_out(now: datetime, dimona_period_id: str, last_day: date) -> bytes:
    form = _form(now)
    body = etree.SubElement(form, "DimonaOut")
    _add(body, "DimonaPeriodId", dimona_period_id)
    _add(body, "EndingDate", last_day.isoformat())
    return _document(form)


def dimona_cancel(now: datetime, dimona_period_id: str) -> bytes:
    form = _form(now)
    _add(etree.SubElement(form, "DimonaCancel"), "DimonaPeriodId", dimona_period_id)
    return _document(form)


class Payroll:
    """Sends documents and waits for their notifications, with the employer's certificate."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def send(self, document: bytes, key: str) -> str:
        """The ticket on the receipt. The same `key` and document make the same declaration."""
        answer = await self._client.post(
            "/nsso/dimona",
            content=document,
            headers={"content-type": "application/xml", "idempotency-key": key},
        )
        _check(answer, HTTPStatus.ACCEPTED)
        return _text(etree.fromstring(answer.content), "ReferenceNbr")

    async def notification(self, ticket: str) -> Notification | None:
        """None while the declaration is being handled."""
        answer = await self._client.get(f"/nsso/notifications/{ticket}")
        if answer.status_code == HTTPStatus.ACCEPTED:
            return None
        _check(answer, HTTPStatus.OK)
        return read_notification(answer.content)


def read_notification(document: bytes) -> Notification:
    root = etree.fromstring(document)
    return Notification(
        accepted=_text(root, "ResultCode") == "1",
        dimona_period_id=_text(root, "DimonaPeriodId"),
        anomalies=tuple(
            Anomaly(_text(report, "ErrorID"), _text(report, "TagName"))
            for report in root.iter("AnomalyReport")
        ),
    )


def _check(answer: httpx.Response, wanted: HTTPStatus) -> None:
    """A server being restarted is worth another try; everything else is final."""
    if answer.status_code in PASSING:
        raise httpx.RemoteProtocolError(f"the gateway answers {answer.status_code}")
    if answer.status_code != wanted:
        raise httpx.HTTPStatusError(
            f"{answer.request.url.path.split('/')[1]}: {answer.status_code} {answer.text[:400]}",
            request=answer.request,
            response=answer,
        )


def _form(now: datetime) -> etree._Element:
    form = etree.Element("Form")
    _add(form, "Identification", "DIMONA")
    _add(form, "FormCreationDate", now.date().isoformat())
    _add(form, "FormCreationHour", now.strftime("%H:%M:%S.") + f"{now.microsecond // 1000:03d}")
    _add(form, "AttestationStatus", "0")
    _add(form, "TypeForm", "SU")
    reference = etree.SubElement(form, "Reference")
    _add(reference, "ReferenceType", "1")
    _add(reference, "ReferenceOrigin", "1")
    _add(reference, "ReferenceNbr", now.strftime("KRAAN%Y%m%d%H%M%S"))
    return form


def _document(form: etree._Element) -> bytes:
    root = etree.Element("Dimona", nsmap={"xsi": XSI})
    root.set(f"{{{XSI}}}noNamespaceSchemaLocation", SCHEMA)
    root.append(form)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _add(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, name).text = text


def _text(root: etree._Element, name: str) -> str:
    """Of the first element of that name anywhere below; empty where there is none."""
    found = next(root.iter(name), None)
    return (found.text or "") if found is not None else ""
