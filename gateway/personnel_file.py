"""The personnel file in XML: a request document becomes a question, its pages one answer."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from crossroads.declarations.v1 import personnel_pb2
from crossroads.forms.v1 import notification_pb2, personnel_file_pb2
from crossroads.types.v1 import types_pb2
from lxml import etree

from gateway import codec
from gateway.fields import refusal
from gateway.peers import Personnel
from mesh import clock, elements, tickets
from mesh.elements import Anomaly
from mesh.identity import Identity

MOST_PERIODS = 20_000
"""In one answer; where there are more the answer says so and gives none."""
PAGE = 1000
FOUND, NONE, TOO_MANY = "0", "1", "5"
Request = personnel_file_pb2.PersonnelFileRequestForm
_ORIGINAL = (
    "identification",
    "form_creation_date",
    "form_creation_hour",
    "attestation_status",
    "type_form",
)


def read(root: etree._Element) -> tuple[Request, list[Anomaly]]:
    """The request in a document, and all that is amiss in it.

    Raises XML_WRONG_ROOT, ARGUMENT_MISSING without a form, ARGUMENT_INVALID with several.
    """
    document, found = codec.read(root, personnel_file_pb2.PersonnelFileRequest)
    if len(document.forms) != 1:
        raise refusal("ARGUMENT_INVALID" if document.forms else "ARGUMENT_MISSING", "Form")
    (form,) = document.forms
    found += elements.anomalies(form)
    if not found and _ends_before_start(form):
        found.append(Anomaly("00075-014", "RefEndingDate", form.reference_period.ref_ending_date))
    return form, found


async def answer(personnel: Personnel, caller: Identity, form: Request) -> bytes:
    """The answer with every period, put together from its pages."""
    asked = personnel_pb2.GetPersonnelFileRequest(
        employer_id=form.employer_id, period=_period(form), page_size=PAGE
    )
    periods: list[personnel_file_pb2.PersonnelFileDimonaPeriod] = []
    while True:
        page = await personnel.page(caller, asked)
        periods += page.periods
        asked.page_token = page.next_page_token
        if not page.next_page_token or len(periods) > MOST_PERIODS:
            return _document(form, page, periods, clock.now())


def refused(anomalies: list[Anomaly]) -> bytes:
    """What is amiss in a request, as a notification."""
    date_text, hour = _moment(clock.now())
    form = notification_pb2.NotificationForm(
        identification="NOTI001",
        form_creation_date=date_text,
        form_creation_hour=hour,
        attestation_status="0",
        type_form="FA",
        handled_reference=notification_pb2.HandledReference(
            reference_type="1", reference_origin="2", reference_nbr=tickets.new()
        ),
        handling_result=notification_pb2.HandlingResult(
            result_code="0", anomaly_reports=[elements.report(one) for one in anomalies]
        ),
    )
    return codec.write(
        notification_pb2.Notification(schema_location="NOTIFICATION_20223.xsd", forms=[form])
    )


def _document(
    request: Request,
    page: personnel_pb2.GetPersonnelFileResponse,
    periods: list[personnel_file_pb2.PersonnelFileDimonaPeriod],
    at: datetime,
) -> bytes:
    date_text, hour = _moment(at)
    document = personnel_file_pb2.PersonnelFileAnswer(
        schema_location="PersonnelFileConsultationAnswer_20223.xsd"
    )
    form = document.forms.add(
        identification="PFANS",
        form_creation_date=date_text,
        form_creation_hour=hour,
        attestation_status="0",
        type_form="FA",
    )
    for name in _ORIGINAL:
        setattr(form.handled_original_form, name, getattr(request, name))
    if request.HasField("reference"):
        form.reference.reference_type = request.reference.reference_type
        form.reference.reference_origin = request.reference.reference_origin
        form.reference.reference_nbr = request.reference.reference_nbr
    form.handled_reference.reference_type = "1"
    form.handled_reference.reference_origin = "2"
    form.handled_reference.reference_nbr = tickets.new()
    consult = form.personnel_file_consult
    consult.noss_registration_nbr = page.nsso_number or "0"
    consult.company_id = page.enterprise_number
    for name in ("ref_starting_date", "ref_ending_date"):
        if text := getattr(request.reference_period, name):
            setattr(consult, name, text)
    if len(periods) > MOST_PERIODS:
        consult.result_code_research = TOO_MANY
    else:
        consult.result_code_research = FOUND if periods else NONE
        consult.dimona_periods.extend(periods)
    return codec.write(document)


def _period(form: Request) -> types_pb2.Period | None:
    """Both days are included in XML, and each may be absent."""
    told = form.reference_period
    if not (told.ref_starting_date or told.ref_ending_date):
        return None
    begin = told.ref_starting_date or date.min.isoformat()
    if not told.ref_ending_date:
        return types_pb2.Period(begin=begin)
    last = date.fromisoformat(told.ref_ending_date)
    if last == date.max:
        return types_pb2.Period(begin=begin)
    return types_pb2.Period(begin=begin, end=(last + timedelta(days=1)).isoformat())


def _ends_before_start(form: Request) -> bool:
    told = form.reference_period
    first, last = told.ref_starting_date, told.ref_ending_date
    return bool(first and last and last < first)


def _moment(at: datetime) -> tuple[str, str]:
    local = at.astimezone(clock.BRUSSELS)
    return f"{local:%Y-%m-%d}", f"{local:%H:%M:%S}.{local.microsecond // 1000:03d}"
