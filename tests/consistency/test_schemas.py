"""Schema, codec and constraints agree on what is right, whatever the form and whatever is wrong."""

from __future__ import annotations

from functools import cache

import pytest
from google.protobuf.message_factory import GetMessageClass
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway import codec, documents
from mesh import elements
from mesh.schemas import documents as known
from mesh.schemas import publication, quarters
from tests.consistency import admissible
from tests.gateway import reference

QUARTER = quarters.parse("20234")
FORMS = sorted(known.known())
STRANGE = ("", "x", "0", "00", "§", "2023-02-30", "25:00:00.000", "-1", "1.5", "9" * 30, "y" * 600)
SAMPLES = sorted(path.name for path in (reference.FOLDER / "nsso" / "samples").glob("*.xml"))
lenient = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
    ],
)


@cache
def schema(form: str, quarter: str = str(QUARTER)) -> etree.XMLSchema:
    file = publication.schema(form, quarters.parse(quarter))
    assert file is not None
    return etree.XMLSchema(etree.fromstring(file.body))


def found(root: etree._Element, form: str) -> list[str]:
    """What codec and constraints find wrong, check digits apart: no schema can tell those."""
    message, anomalies = codec.read(root, GetMessageClass(known.known()[form]))
    every = [*anomalies, *elements.anomalies(message, "1")]
    return [one.error_id for one in every if not one.error_id.endswith(elements.CHECK_DIGIT)]


def written(data: st.DataObject, form: str) -> etree._Element:
    message = data.draw(admissible.messages(known.known()[form], QUARTER))
    assert elements.anomalies(message) == []
    return documents.parse(codec.write(message))


@pytest.mark.parametrize("form", FORMS)
def test_what_the_constraints_admit_is_valid(form: str) -> None:
    @lenient
    @given(st.data())
    def valid(data: st.DataObject) -> None:
        root = written(data, form)
        schema(form).assertValid(root)
        assert found(root, form) == []

    valid()


@pytest.mark.parametrize("form", FORMS)
def test_a_strange_value_is_wrong_to_both_or_to_none(form: str) -> None:
    @lenient
    @given(st.data())
    def agree(data: st.DataObject) -> None:
        root = written(data, form)
        leaves = [element for element in root.iter() if not len(element) and element.text]
        assume(leaves)
        data.draw(st.sampled_from(leaves)).text = data.draw(st.sampled_from(STRANGE))
        assert schema(form).validate(root) is (found(root, form) == [])

    agree()


def _without(element: etree._Element, parent: etree._Element) -> None:
    parent.remove(element)


def _twice(element: etree._Element, parent: etree._Element) -> None:
    parent.insert(parent.index(element), documents.parse(etree.tostring(element)))


def _renamed(element: etree._Element, _: etree._Element) -> None:
    element.tag = "Stranger"


def _moved(element: etree._Element, parent: etree._Element) -> None:
    parent.insert(0, element)


@pytest.mark.parametrize("form", FORMS)
def test_a_document_out_of_shape_is_wrong_to_both_or_to_none(form: str) -> None:
    @lenient
    @given(st.data())
    def agree(data: st.DataObject) -> None:
        root = written(data, form)
        element = data.draw(st.sampled_from(list(root.iter())[1:]))
        change = data.draw(st.sampled_from([_without, _twice, _renamed, _moved]))
        parent = element.getparent()
        assert parent is not None
        change(element, parent)
        assert schema(form).validate(root) is (found(root, form) == [])

    agree()


@reference.needed
@pytest.mark.parametrize("name", SAMPLES)
def test_a_published_sample_is_valid(name: str) -> None:
    form, quarter, _ = name.split("_")
    if form not in known.known():
        pytest.skip(f"the contracts do not hold {form} yet")
    schema(form, quarter).assertValid(documents.parse(reference.sample(name)))
