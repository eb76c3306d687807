"""The notification on a Dimona: accepted or refused, every anomaly, and what changed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from crossroads.forms.v1 import dimona_pb2, notification_pb2

from mesh import clock
from mesh.schemas import anomalies
from services.declarations.dimona.domain import Anomaly, DimonaPeriod, Facts, Outcome

LONGEST_VALUE = 200
REFUSED, ACCEPTED = "0", "1"
THIS_FORM, BY_SOCIAL_SECURITY = "1", "2"
_ORIGINAL = {
    "identification": "Identification",
    "form_creation_date": "FormCreationDate",
    "form_creation_hour": "FormCreationHour",
    "attestation_status": "AttestationStatus",
    "type_form": "TypeForm",
}
_REFERENCE = {"Reference", "ReferenceType", "ReferenceOrigin", "ReferenceNbr"}


def write(
    ticket: str,
    form: dimona_pb2.DimonaForm,
    facts: Facts,
    outcome: Outcome,
    at: datetime,
) -> notification_pb2.NotificationForm:
    """The answer to the declarer; it may repeat what she declared, the SSIN included."""
    local = at.astimezone(clock.BRUSSELS)
    wrong = {anomaly.tag for anomaly in outcome.anomalies}
    return notification_pb2.NotificationForm(
        identification="NOTI001",
        form_creation_date=f"{local:%Y-%m-%d}",
        form_creation_hour=f"{local:%H:%M:%S}.{local.microsecond // 1000:03d}",
        attestation_status="0",
        type_form="FA",
        handled_original_form=_original(form, wrong),
        references=[] if wrong & _REFERENCE else [_reference(r) for r in form.references[:4]],
        employer_id=notification_pb2.NotificationForm.EmployerId(
            noss_registration_nbr=facts.nsso_number or "0", company_id=facts.employer
        ),
        handled_reference=notification_pb2.HandledReference(
            reference_type=THIS_FORM, reference_origin=BY_SOCIAL_SECURITY, reference_nbr=ticket
        ),
        handling_result=notification_pb2.HandlingResult(
            result_code=ACCEPTED if outcome.accepted else REFUSED,
            anomaly_reports=[_report(anomaly) for anomaly in outcome.anomalies],
            impact_report=_impact(outcome),
        ),
    )


def _original(
    form: dimona_pb2.DimonaForm, wrong: Collection[str]
) -> notification_pb2.HandledOriginalForm:
    """How the form named itself, without what is wrong in it."""
    original = notification_pb2.HandledOriginalForm()
    for field, tag in _ORIGINAL.items():
        text = getattr(form, field)
        if text and tag not in wrong:
            setattr(original, field, text)
    return original


def _reference(reference: dimona_pb2.Reference) -> notification_pb2.NotificationForm.Reference:
    return notification_pb2.NotificationForm.Reference(
        reference_type=reference.reference_type,
        reference_origin=reference.reference_origin,
        reference_nbr=_shown(reference.reference_nbr),
    )


def _shown(text: str) -> str:
    """A text as XML can bear it, and not too long."""
    return "".join(c if c.isprintable() else "?" for c in text[:LONGEST_VALUE])


def _report(anomaly: Anomaly) -> notification_pb2.AnomalyReport:
    report = notification_pb2.AnomalyReport(
        error_id=anomaly.error_id, tag_name=_shown(anomaly.tag), anomaly_class=anomaly.gravity
    )
    if anomaly.value:
        report.value = _shown(anomaly.value)
    label = anomalies.label(anomaly.error_id)
    if label:
        report.anomaly_label = label
    for field, text in (
        ("line_nbr", anomaly.line),
        ("column_nbr", anomaly.column),
        ("location", _shown(anomaly.location)),
    ):
        if text:
            setattr(report.anomaly_location, field, text)
    return report


def _impact(outcome: Outcome) -> notification_pb2.ImpactReport | None:
    """The period before and after; one that was taken back has no after."""
    period = outcome.after
    if period is None:
        return None
    impact = notification_pb2.DimonaImpactReport(
        dimona_period_id=period.id,
        is_locked="0",
        dimona_features=notification_pb2.NotificationForm.DimonaFeatures(
            joint_commission_nbr=period.joint_commission, worker_type=period.worker_type
        ),
    )
    if outcome.before:
        _fill(impact.dimona_period_before, outcome.before)
    if not period.cancelled:
        _fill(impact.dimona_period_after, period)
    return notification_pb2.ImpactReport(dimona_impact_report=impact)


def _fill(
    block: notification_pb2.DimonaPeriodBefore | notification_pb2.DimonaPeriodAfter,
    period: DimonaPeriod,
) -> None:
    block.starting_date = period.days.begin.isoformat()
    if not period.is_open:
        block.ending_date = (period.days.end - timedelta(days=1)).isoformat()
    for field, text in (
        ("starting_hour", period.starting_hour),
        ("ending_hour", period.ending_hour),
        ("planned_hours_nbr", period.planned_hours),
    ):
        if text:
            setattr(block, field, text)
