"""XML to messages and back: nothing lost, nothing invented, everything amiss told."""

from __future__ import annotations

import string
from typing import Any

import pytest
from crossroads.attestations.v1 import attestations_pb2
from crossroads.forms.v1 import acrf_pb2, dimona_pb2, elements_pb2, notification_pb2
from crossroads.types.v1 import types_pb2
from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway import codec, documents
from mesh import elements, refusals
from tests.gateway import forms

FORM = (
    "<Identification>DIMONA</Identification><FormCreationDate>2026-11-24</FormCreationDate>"
    "<FormCreationHour>08:00:00.000</FormCreationHour><AttestationStatus>0</AttestationStatus>"
    "<TypeForm>SU</TypeForm>"
)


def dimona(body: str) -> tuple[dimona_pb2.Dimona, list[elements.Anomaly]]:
    xml = f"<Dimona><Form>{FORM}{body}</Form></Dimona>"
    return codec.read(documents.parse(xml.encode()), dimona_pb2.Dimona)


def ids(anomalies: list[elements.Anomaly]) -> list[tuple[str, str]]:
    return [(anomaly.error_id, anomaly.location) for anomaly in anomalies]


def texts(part: elements.Part) -> st.SearchStrategy[str]:
    if part.element.content == elements_pb2.CONTENT_XML:
        return st.just("<A>a &amp; b</A>")
    return st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1)


def messages(descriptor: Any, make: Any, levels: int = 6) -> st.SearchStrategy[Any]:
    """Any message of a type: each element there or not, of a choice one at the most."""

    @st.composite
    def draw_message(draw: st.DrawFn) -> Any:
        message = make()
        chosen: set[str] = set()
        for part in elements.block(descriptor).parts:
            if not draw(st.booleans()) or (part.choice and part.choice in chosen):
                continue
            chosen.add(part.choice)
            name, nested = part.field.name, part.field.message_type
            for _ in range(draw(st.integers(1, 2)) if part.field.is_repeated else 1):
                if nested is None:
                    value = draw(texts(part))
                    if part.field.is_repeated:
                        getattr(message, name).append(value)
                    else:
                        setattr(message, name, value)
                elif levels:
                    child = getattr(message, name)
                    target = child.add() if part.field.is_repeated else child
                    target.SetInParent()
                    draw_into = messages(nested, type(target), levels - 1)
                    target.CopyFrom(draw(draw_into))
        return message

    return draw_message()


@pytest.mark.parametrize(
    "message_type", [dimona_pb2.DimonaForm, notification_pb2.HandlingResult, acrf_pb2.AcrfForm]
)
def test_any_message_comes_back_as_it_was(message_type: type[Message]) -> None:
    @settings(max_examples=40, deadline=None)
    @given(messages(message_type.DESCRIPTOR, message_type))
    def round_trip(message: Message) -> None:
        again, anomalies = codec.read(documents.parse(codec.write(message)), message_type)
        assert again == message
        assert anomalies == []

    round_trip()


def test_text_keeps_its_leading_zeros_and_its_white_space() -> None:
    message, _ = dimona("<DimonaOut><DimonaPeriodId> 000000000097</DimonaPeriodId></DimonaOut>")
    assert message.forms[0].dimona_out.dimona_period_id == " 000000000097"


def test_wrong_values_are_read_all_the_same() -> None:
    message, anomalies = dimona(
        "<DimonaIn><StartingDate>soon</StartingDate>"
        "<NaturalPerson><INSS>88888888888</INSS></NaturalPerson></DimonaIn>"
    )
    assert anomalies == []
    assert message.forms[0].dimona_in.natural_person.inss == "88888888888"
    wrong = elements.anomalies(message.forms[0], "1,1")
    assert ids(wrong) == [("00910-003", "1,1,6,1"), ("00024-004", "1,1,6,2,1")]


def test_an_unknown_element_is_told_and_passed_over() -> None:
    _, anomalies = dimona("<DimonaIn><Salary>1</Salary></DimonaIn>")
    assert ids(anomalies) == [("90373-091", "1,1,6,1")]
    assert (anomalies[0].tag_name, anomalies[0].value) == ("DimonaIn", "Salary")
    assert anomalies[0].line == 1


def test_an_element_out_of_order_is_told_and_read() -> None:
    message, anomalies = dimona(
        "<DimonaIn><EndingDate>2026-12-01</EndingDate>"
        "<StartingDate>2026-11-25</StartingDate></DimonaIn>"
    )
    assert ids(anomalies) == [("90373-091", "1,1,6,2")]
    assert message.forms[0].dimona_in.starting_date == "2026-11-25"


def test_a_second_element_where_one_may_stand_is_told() -> None:
    message, anomalies = dimona(
        "<DimonaOut><EndingDate>2026-12-01</EndingDate>"
        "<EndingDate>2026-12-02</EndingDate></DimonaOut>"
    )
    assert ids(anomalies) == [("00911-090", "1,1,6,2")]
    assert message.forms[0].dimona_out.ending_date == "2026-12-01"


def test_a_second_member_of_a_choice_is_told() -> None:
    message, anomalies = dimona("<DimonaOut/><DimonaCancel/>")
    assert ids(anomalies) == [("90379-090", "1,1,7")]
    assert message.forms[0].WhichOneof("body") == "dimona_out"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("words<DimonaOut/>", "90059-003"),
        ('<DimonaOut colour="red"/>', "90377-003"),
        ("<DimonaOut><EndingDate>2026<b/></EndingDate></DimonaOut>", "00911-091"),
        ('<x:DimonaOut xmlns:x="urn:x"/>', "90059-091"),
    ],
)
def test_what_has_no_place_in_the_uniform_elements_is_told(body: str, expected: str) -> None:
    _, anomalies = dimona(body)
    assert [anomaly.error_id for anomaly in anomalies] == [expected]


def test_another_document_is_refused_with_the_one_expected() -> None:
    with pytest.raises(refusals.Refusal) as refused:
        codec.read(documents.parse(b"<DmfAOriginal/>"), dimona_pb2.Dimona)
    assert refused.value.reason == "XML_WRONG_ROOT"
    assert refused.value.metadata == {"expected": "Dimona"}


def test_a_message_without_uniform_elements_bears_its_own_names() -> None:
    wage = attestations_pb2.LivingWage(
        period=types_pb2.Period(begin="2026-11-01"), category=2, monthly_cents=125000
    )
    xml = etree.tostring(codec.tree(wage, namespace="urn:x"), encoding="unicode")
    assert xml == (
        '<LivingWage xmlns="urn:x"><Period><Begin>2026-11-01</Begin></Period>'
        "<Category>2</Category><MonthlyCents>125000</MonthlyCents></LivingWage>"
    )
    plain = etree.tostring(codec.tree(wage))
    assert codec.read(documents.parse(plain), attestations_pb2.LivingWage) == (wage, [])


def test_the_alphabet_of_names_is_that_of_xml() -> None:
    for descriptor in forms.descriptors().values():
        for part in elements.block(descriptor).parts:
            assert set(part.name) <= set(string.ascii_letters + string.digits)
            assert part.element.zone.isdecimal()
            assert len(part.element.zone) == 5


def test_every_element_stands_at_its_own_place_of_a_choice() -> None:
    for descriptor in forms.descriptors().values():
        whole = elements.block(descriptor)
        for choice in whole.choices:
            for one in choice.alternatives:
                assert {*one.required, *one.optional} <= set(whole.by_name)
