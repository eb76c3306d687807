"""The notification on a Dimona: accepted or refused, every anomaly, and what changed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from crossroads.forms.v1 import dimona_pb2, notification_pb2

from mesh import clock
from mesh.schemas import anomalies
from services.declarations.dimona import registrations
from services.declarations.dimona.domain import (
    Anomaly,
    DimonaPeriod,
    Facts,
    Outcome,
    Registration,
)

LONGEST_VALUE = 200
MOST_BEYOND = 999
"""The greatest excess that the elements can tell."""
REFUSED, ACCEPTED, TO_BE_DECIDED = "0", "1", "2"
FINAL, PROVISIONAL = "FA", "PA"
THIS_FORM, BY_SOCIAL_SECURITY = "1", "2"
_ORIGINAL = {
    "identification": "Identification",
    "form_creation_date": "FormCreationDate",
    "form_creation_hour": "FormCreationHour",
    "attestation_status": "AttestationStatus",
    "type_form": "TypeForm",
}
_RESULTS = {
    (True, False): ACCEPTED,
    (False, False): REFUSED,
    (False, True): TO_BE_DECIDED,
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
        type_form=PROVISIONAL if outcome.waiting else FINAL,
        handled_original_form=_original(form, wrong),
        references=[] if wrong & _REFERENCE else [_reference(r) for r in form.references[:4]],
        employer_id=notification_pb2.NotificationForm.EmployerId(
            noss_registration_nbr=facts.nsso_number or "0", company_id=facts.employer
        ),
        natural_person=_person(outcome),
        handled_reference=notification_pb2.HandledReference(
            reference_type=THIS_FORM, reference_origin=BY_SOCIAL_SECURITY, reference_nbr=ticket
        ),
        handling_result=notification_pb2.HandlingResult(
            result_code=_RESULTS[outcome.accepted, outcome.waiting],
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
        error_id=anomaly.error_id,
        tag_name=_shown(anomaly.tag),
        anomaly_class=anomaly.gravity,
        anomaly_compl_information=_besides(anomaly),
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


def _person(outcome: Outcome) -> notification_pb2.NotificationForm.NaturalPerson | None:
    """The person by the number in force; of a refused form nobody hears more than was declared."""
    about = outcome.after or outcome.registration
    return notification_pb2.NotificationForm.NaturalPerson(inss=about.ssin) if about else None


def _besides(anomaly: Anomaly) -> notification_pb2.AnomalyComplInformation | None:
    if not anomaly.quota:
        return None
    features = notification_pb2.QuotaFeatures(quota_type=anomaly.quota)
    if anomaly.hours_beyond:
        features.exceeding_hours_nbr = str(min(anomaly.hours_beyond, MOST_BEYOND))
    else:
        features.exceeding_days_nbr = str(min(anomaly.days_beyond, MOST_BEYOND))
    return notification_pb2.AnomalyComplInformation(quota_features=[features])


def _impact(outcome: Outcome) -> notification_pb2.ImpactReport | None:
    """What was before and after; what was taken back has no after."""
    period = outcome.after
    if outcome.registration:
        return _of_registration(outcome.registration_before, outcome.registration)
    if period is None:
        return None
    impact = notification_pb2.DimonaImpactReport(
        dimona_period_id=period.id,
        is_locked="1" if period.locked else "0",
        dimona_features=notification_pb2.NotificationForm.DimonaFeatures(
            joint_commission_nbr=period.joint_commission, worker_type=period.worker_type
        ),
    )
    if outcome.before:
        _fill(impact.dimona_period_before, outcome.before)
    if not period.cancelled:
        _fill(impact.dimona_period_after, period)
    return notification_pb2.ImpactReport(dimona_impact_report=impact)


def _of_registration(
    before: Registration | None, after: Registration
) -> notification_pb2.ImpactReport:
    status = registrations.MADE if before is None else registrations.CHANGED
    impact = notification_pb2.DailyRegistrationDclImpactReport(
        daily_registration_id=after.id,
        attestation_status=registrations.TAKEN_BACK if after.cancelled else status,
        dimona_period_id=after.period_id,
    )
    if before:
        impact.daily_registration_before.MergeFrom(
            notification_pb2.DailyRegistrationBefore(**_moments(before))
        )
    if not after.cancelled:
        impact.daily_registration_after.MergeFrom(
            notification_pb2.DailyRegistrationAfter(**_moments(after))
        )
    return notification_pb2.ImpactReport(daily_registration_dcl_impact_report=impact)


def _moments(registration: Registration) -> dict[str, str]:
    return {
        "starting_date": registration.begin.isoformat(),
        "starting_hour": registration.starting_hour,
        "ending_date": registration.last_day.isoformat(),
        "ending_hour": registration.ending_hour,
    }


def _fill(
    block: notification_pb2.DimonaPeriodBefore | notification_pb2.DimonaPeriodAfter,
    period: DimonaPeriod,
) -> None:
    block.starting_date = period.days.begin.isoformat()
    if not period.is_open:
        block.ending_date = period.last_day.isoformat()
    for field, text in (
        ("starting_hour", period.starting_hour),
        ("ending_hour", period.ending_hour),
        ("planned_hours_nbr", period.planned_hours),
    ):
        if text:
            setattr(block, field, text)
