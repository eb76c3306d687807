"""Dimona in XML: forms, what is amiss in each, receipts and notifications."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from crossroads.declarations.v1 import declarations_pb2
from crossroads.forms.v1 import notification_pb2
from lxml import etree

from gateway import codec, dimona, documents
from gateway.dimona import Received
from mesh import elements, identity
from mesh.refusals import Refusal
from tests.gateway import reference

BREWERY = identity.parse("employer/0400767772")
AT = datetime(2026, 11, 24, 7, 30, 0, 123456, tzinfo=UTC)


def read(xml: str) -> list[declarations_pb2.SubmitDimonaRequest]:
    return dimona.read(documents.parse(xml.encode()))


def test_each_form_is_a_submission_with_its_own_anomalies() -> None:
    first, second = read(
        "<Dimona><Form><Colour/></Form><Form><DimonaOut><Wage/></DimonaOut></Form></Dimona>"
    )
    places = [
        {(a.error_id, a.anomaly_location.location) for a in one.anomalies}
        for one in (first, second)
    ]
    assert ("90059-091", "1,1,1") in places[0]
    assert ("90059-090", "1,1") in places[0]
    assert ("90377-091", "1,2,1,1") in places[1]
    assert ("00911-001", "1,2,1") in places[1]
    assert all(a.anomaly_location.line_nbr == "1" for a in first.anomalies)
    assert second.form.HasField("dimona_out")
    assert [one.place for one in (first, second)] == ["1,1", "1,2"]


def test_what_is_amiss_in_the_document_is_told_with_every_form() -> None:
    submissions = read("<Dimona><Header/><Form/><Form/></Dimona>")
    assert [one.anomalies[0].error_id for one in submissions] == ["90372-091"] * 2


@pytest.mark.parametrize(
    ("xml", "reason"),
    [
        ("<Dimona/>", "ARGUMENT_MISSING"),
        ("<Dimona>" + "<Form/>" * (dimona.MOST_FORMS + 1) + "</Dimona>", "ARGUMENT_INVALID"),
        ("<NOTIFICATION/>", "XML_WRONG_ROOT"),
    ],
)
def test_a_document_without_proper_forms_is_refused(xml: str, reason: str) -> None:
    with pytest.raises(Refusal, match=reason):
        read(xml)


def test_the_same_document_from_the_same_sender_is_the_same_request() -> None:
    ids = dimona.request_ids(BREWERY, b"<Dimona/>", "", 2)
    assert ids == dimona.request_ids(BREWERY, b"<Dimona/>", "", 2)
    assert len(set(ids)) == 2
    others = [
        dimona.request_ids(BREWERY, b"<Dimona />", "", 2),
        dimona.request_ids(identity.parse("employer/0202239951"), b"<Dimona/>", "", 2),
        dimona.request_ids(BREWERY, b"<Dimona/>", "my-own-key", 2),
    ]
    assert not set(ids) & {one for several in others for one in several}
    assert all(8 <= len(one) <= 64 for several in [ids, *others] for one in several)


@pytest.mark.parametrize("key", ["short", "x" * 57, "with space", "é" * 10])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(Refusal, match="ARGUMENT_INVALID"):
        dimona.request_ids(BREWERY, b"", key, 1)


@reference.needed
def test_the_receipt_keeps_to_the_published_schema() -> None:
    xml = etree.fromstring(dimona.acrf([Received("A" * 15, AT), Received("B" * 15, AT)]))
    reference.schema("nsso/schemas/ACRF_20231.xsd").assertValid(xml)
    assert [e.text for e in xml.iter("ReferenceNbr")] == ["A" * 15, "B" * 15]
    assert xml.findtext("Form/FormCreationHour") == "08:30:00.123"


@reference.needed
def test_a_notification_keeps_to_the_published_schema() -> None:
    form = notification_pb2.NotificationForm(
        identification="NOTI001",
        form_creation_date="2026-11-24",
        form_creation_hour="08:30:00.123",
        attestation_status="0",
        type_form="FA",
        handled_reference=notification_pb2.HandledReference(
            reference_type="1", reference_origin="2", reference_nbr="A" * 15
        ),
        handling_result=notification_pb2.HandlingResult(
            result_code="0",
            anomaly_reports=[
                elements.report(
                    elements.Anomaly("00024-004", "INSS", "85073003329", "1,1,6,2,1", 12)
                )
            ],
        ),
    )
    impact = form.handling_result.impact_report.dimona_impact_report
    impact.dimona_period_id, impact.is_locked = "000000000198", "0"
    impact.dimona_period_after.starting_date = "2026-11-25"
    assert elements.anomalies(form) == []
    document = notification_pb2.Notification(schema_location="NOTIFICATION_20223.xsd", forms=[form])
    xml = etree.fromstring(codec.write(document))
    reference.schema("nsso/schemas/NOTIFICATION_20223.xsd").assertValid(xml)
