"""Whatever is amiss in a form has its own code, with its place, and all of it is told at once."""

from __future__ import annotations

from typing import Any

import protovalidate
import pytest
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway import codec
from gateway.reading import Reader
from mesh import blocks, elements
from mesh.elements import Anomaly
from mesh.faults import checker
from tests.gateway import forms, spoilt

ZONE = "99999"
DESCRIPTORS = forms.descriptors()
VALUES = {"002", "003", "004", "008", "093"}


def check(element: Any, descriptor: Any, quarter: int) -> tuple[Message, list[Anomaly]]:
    message = GetMessageClass(descriptor)()
    reader = Reader(quarter)
    reader.document(element, message, ZONE, "1")
    return message, reader.anomalies


@pytest.mark.parametrize("name", DESCRIPTORS)
def test_every_constraint_has_its_code(name: str) -> None:
    descriptor = DESCRIPTORS[name]
    right = forms.right(descriptor, full=True)
    for case in spoilt.cases(descriptor):
        element = codec.tree(right, name="Block")
        case.spoil(element)
        message, anomalies = check(element, descriptor, case.quarter)
        expected = f"{case.zone or ZONE}-{case.kind}"
        found = [anomaly.error_id for anomaly in anomalies]
        assert expected in found, (case.what, expected, found)
        if case.what in {"absent", "empty", "outside range"} or case.kind in VALUES:
            told = [a.error_id for a in elements.anomalies(message, "1", case.quarter)]
            structure = {ZONE + "-003", ZONE + "-091"}
            assert case.zone == "" or set(found) - structure <= set(told), (case.what, found, told)


@pytest.mark.parametrize("name", forms.DOCUMENTS)
def test_the_constraints_mean_the_same_to_the_validator_of_the_wire(name: str) -> None:
    descriptor = forms.DOCUMENTS[name].DESCRIPTOR
    for full in (False, True):
        assert protovalidate.collect_violations(forms.right(descriptor, full=full)) == []
    for one in (
        one for one in DESCRIPTORS.values() if one.full_name.startswith(descriptor.full_name)
    ):
        right = forms.right(one, full=True)
        for case in spoilt.cases(one):
            if case.what in {"absent", "too long", "too short", "outside domain", "wrong form"}:
                element = codec.tree(right, name="Block")
                case.spoil(element)
                message, _ = check(element, one, 0)
                assert protovalidate.collect_violations(message), case.what


def test_no_number_is_too_long_to_be_judged() -> None:
    for descriptor in DESCRIPTORS.values():
        for part in blocks.block(descriptor).parts:
            if part.field.message_type is None and part.element.most:
                assert checker(part.field)("9" * 5000) in {"093", "003", "008"}, part.name


def test_there_is_a_case_of_every_kind() -> None:
    kinds = {c.kind for one in DESCRIPTORS.values() for c in spoilt.cases(one)}
    assert kinds == {"001", "002", "003", "004", "008", "090", "091", "093", "146"}


def standing_blocks(
    element: Any, descriptor: Any, zone: str, location: str
) -> list[tuple[Any, Any, str, str]]:
    """Every block within an element: itself, its contract, its zone and its place."""
    found = [(element, descriptor, zone, location)]
    for position, child in enumerate(element, 1):
        part = blocks.block(descriptor).by_name[child.tag]
        if part.field.message_type is not None:
            found += standing_blocks(
                child, part.field.message_type, part.element.zone, f"{location},{position}"
            )
    return found


@settings(max_examples=150, deadline=None)
@given(st.data(), st.sampled_from(sorted(forms.DOCUMENTS)))
def test_several_faults_of_a_form_are_told_together_each_with_its_place(
    data: st.DataObject, name: str
) -> None:
    message_type = forms.DOCUMENTS[name]
    root = codec.tree(forms.right(message_type.DESCRIPTOR, full=True))
    whole = blocks.block(message_type.DESCRIPTOR)
    expected = set[tuple[str, str]]()
    every = standing_blocks(root, message_type.DESCRIPTOR, whole.zone, "1")
    chosen = data.draw(
        st.lists(st.sampled_from(range(len(every))), min_size=1, max_size=4, unique=True)
    )
    for index in chosen:
        element, descriptor, _, location = every[index]
        values = [
            c for c in spoilt.cases(descriptor) if c.kind in VALUES and not c.quarter and c.zone
        ]
        if not values:
            continue
        case = data.draw(st.sampled_from(values))
        part = next(p for p in blocks.block(descriptor).parts if p.element.zone == case.zone)
        position = [child.tag for child in element].index(part.name) + 1
        case.spoil(element)
        expected.add((f"{case.zone}-{case.kind}", f"{location},{position}"))
    lines = etree.fromstring(etree.tostring(root, pretty_print=True))
    message, anomalies = codec.check(lines, message_type)
    slow, slowly = message_type(), Reader(quick=False)
    slowly.document(lines, slow, whole.zone, "1")
    assert (message, anomalies) == (slow, slowly.anomalies)
    assert {(one.error_id, one.location) for one in anomalies} == expected
    for one in anomalies:
        at: Any = lines
        for step in one.location.split(",")[1:]:
            at = at[int(step) - 1]
        assert (one.tag_name, one.line) == (at.tag, at.sourceline)


def test_what_is_absent_is_told_with_the_line_of_its_block() -> None:
    xml = "<Dimona>\n<Form>\n<DimonaOut>\n</DimonaOut></Form></Dimona>"
    _, anomalies = codec.check(etree.fromstring(xml), forms.DOCUMENTS["Dimona"])
    absent = [a for a in anomalies if a.error_id == "00913-001"]
    assert [(a.tag_name, a.location, a.line) for a in absent] == [("DimonaPeriodId", "1,1,1", 3)]


def test_an_element_of_a_later_quarter_is_read_all_the_same() -> None:
    document = forms.right(forms.DOCUMENTS["DmfAOriginal"].DESCRIPTOR, full=True)
    document.schema_location = "DmfAOriginal_20223.xsd"
    message, anomalies = codec.check(codec.tree(document), forms.DOCUMENTS["DmfAOriginal"])
    assert message == document
    assert {anomaly.error_id[-3:] for anomaly in anomalies} == {"146"}


def test_a_prefix_that_stands_for_nothing_is_told() -> None:
    xml = '<Dimona><Form a:b="c"><x:DimonaOut/></Form></Dimona>'
    parsed = etree.fromstring(xml, etree.XMLParser(recover=True))
    _, anomalies = codec.check(parsed, forms.DOCUMENTS["Dimona"])
    told = {(a.error_id, a.location, a.value) for a in anomalies}
    assert {("90059-003", "1,1", "a:b"), ("90059-091", "1,1,1", "x:DimonaOut")} <= told
