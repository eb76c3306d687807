"""The notification on a declaration of a risk, and the notice of what was anticipated otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from crossroads.forms.v1 import notification_pb2

from mesh import clock
from mesh.schemas import anomalies
from services.declarations.risks import comparison
from services.declarations.risks.domain import Anomaly, Risk

LONGEST = 200
REFUSED, ACCEPTED = "0", "1"
THIS_FORM, BY_SOCIAL_SECURITY = "1", "2"


def write(
    ticket: str,
    identification: str,
    employer: tuple[str, str],
    anomalies: Iterable[Anomaly],
    accepted: bool,
    at: datetime,
) -> notification_pb2.NotificationForm:
    """What the declarer is told; `employer` is its enterprise number and its NSSO number."""
    local = at.astimezone(clock.BRUSSELS)
    company, nsso = employer
    return notification_pb2.NotificationForm(
        identification="NOTI001",
        form_creation_date=f"{local:%Y-%m-%d}",
        form_creation_hour=f"{local:%H:%M:%S}.{local.microsecond // 1000:03d}",
        attestation_status="0",
        type_form="FA",
        handled_original_form=notification_pb2.HandledOriginalForm(
            identification=identification or None
        ),
        employer_id=notification_pb2.NotificationForm.EmployerId(
            noss_registration_nbr=nsso or "0", company_id=company
        ),
        handled_reference=notification_pb2.HandledReference(
            reference_type=THIS_FORM, reference_origin=BY_SOCIAL_SECURITY, reference_nbr=ticket
        ),
        handling_result=notification_pb2.HandlingResult(
            result_code=ACCEPTED if accepted else REFUSED,
            anomaly_reports=[report(anomaly) for anomaly in anomalies],
        ),
    )


def notice(risk: Risk, at: datetime) -> notification_pb2.NotificationForm | None:
    """What was declared otherwise than it was anticipated; None where nothing was."""
    found = comparison.anomalies(risk.differences)
    if not found:
        return None
    employer = (risk.employer, risk.nsso_number)
    return write(risk.number, risk.scenario, employer, found, True, at)


def report(anomaly: Anomaly) -> notification_pb2.AnomalyReport:
    """An anomaly as it is told, with what its kind means where we have words for it."""
    told = notification_pb2.AnomalyReport(
        error_id=anomaly.error_id,
        tag_name=_shown(anomaly.tag),
        anomaly_class=anomaly.gravity,
        anomaly_label=anomalies.label(anomaly.error_id, "risks") or None,
    )
    if anomaly.value:
        told.value = _shown(anomaly.value)
    if anomaly.location:
        told.anomaly_location.location = _shown(anomaly.location)
    if anomaly.line:
        told.anomaly_location.line_nbr = anomaly.line
    return told


def _shown(text: str) -> str:
    """A text as XML can bear it, and not too long."""
    return "".join(c if c.isprintable() else "?" for c in text[:LONGEST])
