"""The notification on a declaration that is set aside: not yet decided, and nothing wrong told."""

from __future__ import annotations

from crossroads.forms.v1 import notification_pb2

from mesh import clock
from services.declarations.domain import Employer
from services.declarations.set_aside.domain import Aside

PROVISIONAL, TO_BE_DECIDED = "PA", "2"
THIS_FORM, BY_SOCIAL_SECURITY = "1", "2"


def provisional(aside: Aside, employer: Employer) -> notification_pb2.NotificationForm:
    """It repeats nothing of the form, since any of it may be what could not be judged."""
    local = aside.set_aside_at.astimezone(clock.BRUSSELS)
    return notification_pb2.NotificationForm(
        identification="NOTI001",
        form_creation_date=f"{local:%Y-%m-%d}",
        form_creation_hour=f"{local:%H:%M:%S}.{local.microsecond // 1000:03d}",
        attestation_status="0",
        type_form=PROVISIONAL,
        handled_original_form=notification_pb2.HandledOriginalForm(),
        employer_id=notification_pb2.NotificationForm.EmployerId(
            noss_registration_nbr=employer.nsso_number or "0",
            company_id=employer.enterprise_number,
        ),
        handled_reference=notification_pb2.HandledReference(
            reference_type=THIS_FORM,
            reference_origin=BY_SOCIAL_SECURITY,
            reference_nbr=aside.ticket,
        ),
        handling_result=notification_pb2.HandlingResult(result_code=TO_BE_DECIDED),
    )
