"""Reading a Dimona form of the uniform elements, and the anomalies that came with it."""

from __future__ import annotations

from collections.abc import Iterable

from crossroads.forms.v1 import dimona_pb2, notification_pb2

from mesh import elements
from services.declarations.dimona.domain import Anomaly, Form, Kind

_BODIES = {
    "dimona_in": Kind.IN,
    "dimona_out": Kind.OUT,
    "dimona_update": Kind.UPDATE,
    "dimona_cancel": Kind.CANCEL,
    "daily_registration_declaration": Kind.DAILY,
}


def read(wire: dimona_pb2.DimonaForm, identified_as: str | None = None) -> Form | None:
    """The form in its declarer's own text; None where it declares nothing.

    `identified_as` is who a person named without a number turned out to be; empty: nobody known.
    """
    name = wire.WhichOneof("body")
    if name is None:
        return None
    kind, body, who = _BODIES[name], getattr(wire, name), employer(wire)
    text = {
        field: getattr(body, field, "")
        for field in (
            "dimona_period_id",
            "starting_date",
            "starting_hour",
            "ending_date",
            "ending_hour",
        )
    }
    person = wire.dimona_in.natural_person
    inss = person.inss if kind is Kind.IN else getattr(body, "inss", "")
    return Form(
        kind=kind,
        inss=identified_as or _known(inss),
        unidentifiable=identified_as == "",
        named=bool(person.worker_name),
        birthdate=person.worker_birthdate,
        sex=person.worker_sex,
        planned_days=getattr(body, "planned_days_nbr", ""),
        registration_id=getattr(body, "daily_registration_id", ""),
        status=getattr(body, "attestation_status", ""),
        planned_hours=getattr(body, "planned_hours_nbr", ""),
        worker_type=wire.dimona_in.dimona_features.worker_type,
        joint_commission=wire.dimona_in.dimona_features.joint_commission_nbr,
        company_id=_known(who.company_id),
        nsso_number=_known(who.noss_registration_nbr),
        **text,
    )


def employer(wire: dimona_pb2.DimonaForm) -> dimona_pb2.EmployerId:
    """The employer that a form names; empty where it names none."""
    name = wire.WhichOneof("body")
    found = getattr(getattr(wire, name), "employer_id", None) if name else None
    return found if found is not None else dimona_pb2.EmployerId()


def anomalies(
    wire: dimona_pb2.DimonaForm, found: Iterable[notification_pb2.AnomalyReport]
) -> tuple[Anomaly, ...]:
    """What the channel found while reading, then what the elements themselves show, each once."""
    shown = [elements.report(anomaly) for anomaly in elements.anomalies(wire)]
    once = {(report.error_id, report.tag_name, report.value): report for report in [*shown, *found]}
    return tuple(
        Anomaly(
            error_id=report.error_id,
            tag=report.tag_name,
            value=report.value,
            gravity=report.anomaly_class,
            location=report.anomaly_location.location,
            line=report.anomaly_location.line_nbr,
            column=report.anomaly_location.column_nbr,
        )
        for report in once.values()
    )


def _known(number: str) -> str:
    """A number, or nothing where the declarer wrote zeros for one that she does not know."""
    return number if number.strip("0") else ""
