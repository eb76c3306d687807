"""The notification on a quarterly declaration: accepted or refused, and every anomaly."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from crossroads.forms.v1 import dmfa_pb2, dmfa_update_pb2, notification_pb2

from mesh import clock
from mesh.schemas import anomalies
from services.declarations.dmfa.domain import BLOCKING, Anomaly
from services.declarations.domain import Employer

LONGEST_VALUE = 200
REFUSED, ACCEPTED = "0", "1"
THIS_FORM, BY_SOCIAL_SECURITY = "1", "2"
_HEAD = (
    "identification",
    "form_creation_date",
    "form_creation_hour",
    "attestation_status",
    "type_form",
)
Form = dmfa_pb2.DmfaForm | dmfa_update_pb2.DmfaUpdateForm


def write(
    ticket: str, form: Form, employer: Employer, anomalies: Sequence[Anomaly], at: datetime
) -> notification_pb2.NotificationForm:
    """The answer to the declarer; it may repeat what she declared."""
    date, hour = moment(at)
    refused = any(one.gravity == BLOCKING for one in anomalies)
    told = notification_pb2.NotificationForm(
        identification="NOTI001",
        form_creation_date=date,
        form_creation_hour=hour,
        attestation_status="0",
        type_form="FA",
        employer_id=notification_pb2.NotificationForm.EmployerId(
            noss_registration_nbr=employer.nsso_number or "0",
            company_id=employer.enterprise_number,
        ),
        handled_reference=notification_pb2.HandledReference(
            reference_type=THIS_FORM, reference_origin=BY_SOCIAL_SECURITY, reference_nbr=ticket
        ),
        handling_result=notification_pb2.HandlingResult(
            result_code=REFUSED if refused else ACCEPTED,
            anomaly_reports=[_report(anomaly) for anomaly in anomalies],
        ),
    )
    for field in _HEAD:
        if getattr(form, field):
            setattr(told.handled_original_form, field, shown(getattr(form, field)))
    if form.HasField("reference"):
        told.references.add(
            reference_type=form.reference.reference_type,
            reference_origin=form.reference.reference_origin,
            reference_nbr=shown(form.reference.reference_nbr),
        )
    return told


def moment(at: datetime) -> tuple[str, str]:
    """Day and hour, as the forms tell them."""
    local = at.astimezone(clock.BRUSSELS)
    return f"{local:%Y-%m-%d}", f"{local:%H:%M:%S}.{local.microsecond // 1000:03d}"


def shown(text: str) -> str:
    """A text as XML can bear it, and not too long."""
    return "".join(c if c.isprintable() else "?" for c in text[:LONGEST_VALUE])


def _report(anomaly: Anomaly) -> notification_pb2.AnomalyReport:
    report = notification_pb2.AnomalyReport(
        error_id=anomaly.error_id, tag_name=shown(anomaly.tag), anomaly_class=anomaly.gravity
    )
    if anomaly.value:
        report.value = shown(anomaly.value)
    if meaning := anomalies.label(anomaly.error_id, "dmfa"):
        report.anomaly_label = meaning
    for field, text in (
        ("line_nbr", anomaly.line),
        ("column_nbr", anomaly.column),
        ("location", shown(anomaly.location)),
    ):
        if text:
            setattr(report.anomaly_location, field, text)
    return report
