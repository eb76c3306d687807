"""What the contract finds wrong in a form, as anomalies."""

from __future__ import annotations

import pytest
from crossroads.forms.v1 import dimona_pb2, notification_pb2

from mesh import elements


def form() -> dimona_pb2.DimonaForm:
    return dimona_pb2.DimonaForm(
        identification="DIMONA",
        form_creation_date="2026-11-24",
        form_creation_hour="08:00:00.000",
        attestation_status="0",
        type_form="SU",
        dimona_in=dimona_pb2.DimonaIn(
            starting_date="2026-11-25",
            employer_id=dimona_pb2.EmployerId(company_id="0400767772"),
            natural_person=dimona_pb2.NaturalPerson(inss="85073003328"),
            dimona_features=dimona_pb2.DimonaFeatures(
                joint_commission_nbr="XXX", worker_type="OTH"
            ),
        ),
    )


def ids(wrong: dimona_pb2.DimonaForm) -> list[str]:
    return [anomaly.error_id for anomaly in elements.anomalies(wrong)]


def test_a_right_form_has_no_anomalies() -> None:
    assert ids(form()) == []


def test_an_enterprise_number_may_lack_its_leading_zero() -> None:
    right = form()
    right.dimona_in.employer_id.company_id = "400767772"
    assert ids(right) == []


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("dimona_in.natural_person.inss", "85073003329", "00024-004"),
        ("dimona_in.natural_person.inss", "8507300332x", "00024-002"),
        ("dimona_in.natural_person.inss", "850730033", "00024-003"),
        ("dimona_in.natural_person.worker_sex", "3", "00029-008"),
        ("dimona_in.natural_person.worker_name", "x" * 49, "00025-093"),
        ("dimona_in.employer_id.noss_registration_nbr", "99", "00011-008"),
        ("dimona_in.employer_id.company_id", "0400767773", "00014-004"),
        ("dimona_in.starting_date", "2026-02-30", "00910-003"),
        ("dimona_in.starting_date", "", "00910-001"),
        ("dimona_in.starting_hour", "2460", "00777-003"),
        ("dimona_in.planned_hours_nbr", "0", "01135-008"),
        ("dimona_in.dimona_features.worker_type", "ZZZ", "00655-008"),
        ("dimona_in.dimona_features.joint_commission_nbr", "999", "00046-008"),
        ("form_creation_hour", "25:00:00.000", "00299-003"),
        ("identification", "DMFA", "00296-008"),
    ],
)
def test_a_wrong_value_is_one_anomaly(path: str, value: str, expected: str) -> None:
    wrong = form()
    *blocks, field = path.split(".")
    block = wrong
    for name in blocks:
        block = getattr(block, name)
    setattr(block, field, value)
    assert ids(wrong) == [expected]


def test_what_is_missing_is_told_where_it_should_stand() -> None:
    wrong = form()
    wrong.dimona_in.ClearField("natural_person")
    wrong.dimona_in.dimona_features.ClearField("worker_type")
    absent = elements.anomalies(wrong)
    assert [(a.error_id, a.tag_name, a.location) for a in absent] == [
        ("90017-001", "NaturalPerson", "1,1,6"),
        ("00655-001", "WorkerType", "1,1,6,3"),
    ]


def test_a_form_without_body_lacks_its_choice() -> None:
    wrong = form()
    wrong.ClearField("dimona_in")
    assert ids(wrong) == ["90059-090"]


def test_too_many_of_a_block_is_its_cardinality() -> None:
    wrong = form()
    for _ in range(5):
        wrong.references.add(reference_type="1", reference_origin="1", reference_nbr="A")
    assert ids(wrong) == ["90082-090"]


def test_the_report_keeps_to_its_own_contract() -> None:
    anomaly = elements.Anomaly("00025-093", "WorkerName", "x" * 900, "1,1,6,2,2", line=12)
    report = elements.report(anomaly)
    assert elements.anomalies(report) == []
    assert len(report.value) == 500
    assert report.anomaly_location == notification_pb2.AnomalyLocation(
        line_nbr="12", location="1,1,6,2,2"
    )
