"""The notification keeps to the uniform elements and says what changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from crossroads.forms.v1 import notification_pb2
from lxml import etree

from gateway import codec
from mesh import elements
from mesh.periods import Period
from services.declarations.dimona import form as forms
from services.declarations.dimona import notification
from services.declarations.dimona.domain import (
    NOTED,
    Anomaly,
    Change,
    DimonaPeriod,
    Facts,
    Kind,
    Outcome,
    Registration,
)
from tests.gateway import reference

TICKET = "A1B2C3D4E5F6G7H"
AT = datetime(2026, 11, 16, 23, 30, 15, 628000, tzinfo=UTC)
FACTS = Facts("0400000185", "123456749", date(2026, 11, 16))
PERIOD = DimonaPeriod(
    "000000000101",
    "91041241894",
    "0400000185",
    "123456749",
    "OTH",
    "XXX",
    Period(date(2026, 11, 16), date.max),
)


def test_an_acceptance_keeps_to_the_uniform_elements(entry: Callable[..., Any]) -> None:
    ended = replace(PERIOD, days=Period(date(2026, 11, 16), date(2026, 12, 1)))
    outcome = Outcome((), Change.ENDED, PERIOD, ended)
    told = notification.write(TICKET, entry(), FACTS, outcome, AT)
    assert elements.anomalies(told) == []
    assert (told.form_creation_date, told.form_creation_hour) == ("2026-11-17", "00:30:15.628")
    assert told.handling_result.result_code == "1"
    assert told.handled_reference.reference_nbr == TICKET
    assert told.references[0].reference_nbr == "payroll 7"
    impact = told.handling_result.impact_report.dimona_impact_report
    assert impact.dimona_period_before.starting_date == "2026-11-16"
    assert impact.dimona_period_after.ending_date == "2026-11-30"


def test_what_was_taken_back_has_no_after(entry: Callable[..., Any]) -> None:
    outcome = Outcome((), Change.CANCELLED, PERIOD, replace(PERIOD, cancelled=True))
    told = notification.write(TICKET, entry(), FACTS, outcome, AT)
    impact = told.handling_result.impact_report.dimona_impact_report
    assert impact.HasField("dimona_period_before")
    assert not impact.HasField("dimona_period_after")


def test_a_refusal_names_every_anomaly_in_four_languages(entry: Callable[..., Any]) -> None:
    anomalies = (
        Anomaly("00024-004", "INSS", "91041241895", location="1,1,8,1"),
        Anomaly("00911-014", "EndingDate", "2026-11-01"),
    )
    told = notification.write(TICKET, entry(), FACTS, Outcome(anomalies), AT)
    assert elements.anomalies(told) == []
    assert told.handling_result.result_code == "0"
    assert not told.handling_result.HasField("impact_report")
    first, second = told.handling_result.anomaly_reports
    assert (first.error_id, first.value, first.anomaly_location.location) == (
        "00024-004",
        "91041241895",
        "1,1,8,1",
    )
    assert second.anomaly_label.count(" / ") == 3


DAY = Registration(
    "000000000202", PERIOD.ssin, PERIOD.id, date(2026, 11, 17), "1000", date(2026, 11, 17), "1800"
)
BEYOND = Anomaly(
    "90017-369", "NaturalPerson", "STUDENT 10", NOTED, quota="STUDENT", hours_beyond=10
)
DAYS_BEYOND = replace(BEYOND, quota="HORECA_WORKER", hours_beyond=0, days_beyond=1)
TOLD = {
    "created late": Outcome(
        (Anomaly("90373-460", "DimonaIn", "P6D", NOTED),), Change.CREATED, None, PERIOD
    ),
    "locked": Outcome((), Change.CREATED, None, replace(PERIOD, locked=True)),
    "beyond quotas": Outcome((BEYOND, DAYS_BEYOND), Change.CREATED, None, PERIOD),
    "waiting": Outcome((), waiting=True),
    "day made": Outcome((), Change.REGISTERED, registration=DAY),
    "day changed": Outcome(
        (),
        Change.REGISTERED,
        registration_before=DAY,
        registration=replace(DAY, ending_hour="1900"),
    ),
    "day taken back": Outcome(
        (),
        Change.REGISTERED,
        registration_before=DAY,
        registration=replace(DAY, cancelled=True),
    ),
}


@reference.needed
@pytest.mark.parametrize("case", TOLD, ids=str)
def test_whatever_came_of_it_keeps_to_the_published_schema(
    case: str, entry: Callable[..., Any]
) -> None:
    told = notification.write(TICKET, entry(), FACTS, TOLD[case], AT)
    assert elements.anomalies(told) == []
    document = notification_pb2.Notification(schema_location="NOTIFICATION_20223.xsd", forms=[told])
    xml = etree.fromstring(codec.write(document))
    reference.schema("nsso/schemas/NOTIFICATION_20223.xsd").assertValid(xml)


def test_a_quota_is_told_with_how_far_it_is_exceeded(entry: Callable[..., Any]) -> None:
    told = notification.write(TICKET, entry(), FACTS, TOLD["beyond quotas"], AT)
    hours, days = told.handling_result.anomaly_reports
    [of_hours] = hours.anomaly_compl_information.quota_features
    [of_days] = days.anomaly_compl_information.quota_features
    assert (of_hours.quota_type, of_hours.exceeding_hours_nbr) == ("STUDENT", "10")
    assert (of_days.quota_type, of_days.exceeding_days_nbr) == ("HORECA_WORKER", "1")


def test_what_waits_is_told_provisionally_and_without_a_number(entry: Callable[..., Any]) -> None:
    told = notification.write(TICKET, entry(), FACTS, TOLD["waiting"], AT)
    assert (told.type_form, told.handling_result.result_code) == ("PA", "2")
    assert not told.HasField("natural_person")


def test_an_employer_without_an_nsso_number_is_notified_too(entry: Callable[..., Any]) -> None:
    told = notification.write(TICKET, entry(), replace(FACTS, nsso_number=""), Outcome(), AT)
    assert elements.anomalies(told) == []
    assert told.employer_id.company_id == "0400000185"


def test_a_form_is_read_as_it_is_written(
    entry: Callable[..., Any], form: Callable[..., Any]
) -> None:
    read = forms.read(entry(ending_date="2026-11-30", planned_hours_nbr="8"))
    assert read
    assert (read.kind, read.inss, read.planned_hours) == (Kind.IN, "91041241894", "8")
    assert (read.last_day, read.company_id, read.worker_type) == (
        date(2026, 11, 30),
        "0400000185",
        "OTH",
    )
    out = forms.read(form("dimona_out", dimona_period_id="000000000101", inss="0"))
    assert out
    assert (out.kind, out.dimona_period_id, out.inss) == (Kind.OUT, "000000000101", "")
    assert forms.read(type(entry())()) is None


def test_what_the_channel_saw_stands_once_beside_the_elements(entry: Callable[..., Any]) -> None:
    wrong = entry(inss="91041241895")
    shown = [elements.report(anomaly) for anomaly in elements.anomalies(wrong)]
    shown[0].anomaly_location.line_nbr = "9"
    [anomaly] = forms.anomalies(wrong, shown)
    assert (anomaly.error_id, anomaly.line) == ("00024-004", "9")
