"""Social risks in XML: forms of any scenario, what is amiss in each, paper, and the notice."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from crossroads.forms.v1 import incapacity_course_pb2, incapacity_pb2, notification_pb2
from lxml import etree

from gateway import codec, documents, risks
from mesh.periods import Period
from mesh.refusals import Refusal
from services.declarations.risks import notification
from services.declarations.risks.domain import Branch, Difference, Risk, State
from tests.gateway import reference
from tests.services.declarations.risks.forms import incapacity, quarter, resumption

AHEAD = [quarter("20223", {"1": 6500}, {"1": 900_000})]
AT = datetime(2026, 11, 24, 7, 30, 0, 123456, tzinfo=UTC)


def document() -> incapacity_pb2.Zima001:
    return incapacity_pb2.Zima001(
        schema_location="ZIMA001_20231.xsd",
        forms=[incapacity("2022-09-10", AHEAD).zima001, incapacity("2022-09-12", AHEAD).zima001],
    )


def read(xml: bytes) -> list[risks.Sent]:
    return risks.read(documents.parse(xml))


def test_each_form_of_a_document_is_read_as_it_was_written() -> None:
    whole = document()
    sent = read(codec.write(whole))
    assert [one.form.zima001 for one in sent] == list(whole.forms)
    assert [one.anomalies for one in sent] == [(), ()]


def test_every_scenario_has_a_document() -> None:
    for name in risks.SCENARIOS:
        xml = f"<{name}><Form><Identification>{name}</Identification></Form></{name}>"
        (sent,) = read(xml.encode())
        assert sent.form.WhichOneof("form") == name.lower()
        assert any(a.error_id == "00218-001" for a in sent.anomalies)


def test_what_is_amiss_is_told_with_its_line() -> None:
    (sent,) = read(b"<ZIMA006>\n<Form>\n<Colour/>\n</Form>\n</ZIMA006>")
    (strange,) = [a for a in sent.anomalies if a.value == "Colour" or a.tag_name == "Colour"]
    assert strange.error_id.startswith("90059-")
    assert strange.anomaly_location.line_nbr in {"2", "3"}


@pytest.mark.parametrize(
    ("xml", "reason"),
    [
        (b"<ZIMA001/>", "ARGUMENT_MISSING"),
        (b"<ZIMA001>" + b"<Form/>" * 1001 + b"</ZIMA001>", "ARGUMENT_INVALID"),
        (b"<ZIMA004><Form/></ZIMA004>", "XML_WRONG_ROOT"),
        (b"<Dimona><Form/></Dimona>", "XML_WRONG_ROOT"),
    ],
)
def test_a_document_without_proper_forms_is_refused(xml: bytes, reason: str) -> None:
    with pytest.raises(Refusal, match=reason):
        read(xml)


def test_paper_comes_with_its_image_and_its_day() -> None:
    headers = {"image-digest": "ab" * 32, "received-on": "2026-11-14"}
    assert risks.paper(headers) == risks.Paper(b"\xab" * 32, "2026-11-14")
    for wrong, reason in [
        ({}, "ARGUMENT_MISSING"),
        ({"image-digest": "ab" * 32}, "ARGUMENT_MISSING"),
        ({**headers, "image-digest": "zz" * 32}, "ARGUMENT_INVALID"),
        ({**headers, "image-digest": "ab"}, "ARGUMENT_INVALID"),
    ]:
        with pytest.raises(Refusal, match=reason):
            risks.paper(wrong)


@reference.needed
@pytest.mark.parametrize("scenario", ["ZIMA001", "ZIMA006"])
def test_what_we_write_keeps_to_the_published_schema(scenario: str) -> None:
    whole = {
        "ZIMA001": document(),
        "ZIMA006": incapacity_course_pb2.Zima006(forms=[resumption().zima006]),
    }[scenario]
    xml = etree.fromstring(codec.write(whole))
    reference.schema(f"nsso/schemas/{scenario}_20231.xsd").assertValid(xml)


@reference.needed
def test_a_notice_keeps_to_the_published_schema() -> None:
    risk = Risk(
        "A" * 15,
        "91041241894",
        "0400000185",
        "123456749",
        "ZIMA001",
        Branch.INCAPACITY,
        "001",
        State.INTRODUCED,
        Period(date(2026, 11, 10), date.max),
        (),
        differences=(Difference("20263", "00070", "495", "001", 900_000, 910_000),),
    )
    form = notification.notice(risk, AT)
    assert form is not None
    document = notification_pb2.Notification(schema_location="NOTIFICATION_20223.xsd", forms=[form])
    xml = etree.fromstring(codec.write(document))
    reference.schema("nsso/schemas/NOTIFICATION_20223.xsd").assertValid(xml)
    assert [e.text for e in xml.iter("ErrorID")] == ["00070-176"]
