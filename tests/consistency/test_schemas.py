"""Schema, codec and constraints agree on what is right, whatever the form and whatever is wrong."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from google.protobuf.message_factory import GetMessageClass
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway import codec, documents
from mesh import elements, faults
from mesh.schemas import documents as known
from mesh.schemas import glossary, publication, quarters, structure
from mesh.schemas.structure import Member
from tests.consistency import admissible
from tests.gateway import reference

QUARTER = quarters.parse("20234")
FORMS = sorted(known.known())
STRANGE = (
    "",
    "x",
    "0",
    "00",
    "§",
    "2023-02-30",
    "0001-01-01",
    "9999-12-31",
    "25:00:00.000",
    "-1",
    "1.5",
    "9" * 30,
    "y" * 600,
)
SAMPLES = sorted(path.name for path in (reference.FOLDER / "nsso" / "samples").glob("*.xml"))
lenient = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
    ],
)


@cache
def codes() -> set[str]:
    return {code.code for entry in glossary.of(QUARTER) for code in entry.anomalies}


@cache
def schema(form: str, quarter: str = str(QUARTER)) -> etree.XMLSchema:
    file = publication.schema(form, quarters.parse(quarter))
    assert file is not None
    return etree.XMLSchema(etree.fromstring(file.body))


def found(root: etree._Element, form: str) -> list[str]:
    """What codec and constraints find wrong, check digits apart: no schema can tell those."""
    root.set(codec.SCHEMA_LOCATION, f"{form}_{QUARTER}.xsd")
    _, anomalies = codec.check(root, GetMessageClass(known.known()[form]))
    assert {one.error_id for one in anomalies} <= codes()
    return [one.error_id for one in anomalies if not one.error_id.endswith(faults.CHECK_DIGIT)]


def written(data: st.DataObject, form: str) -> etree._Element:
    message = data.draw(admissible.messages(known.known()[form], QUARTER))
    assert elements.anomalies(message, quarter=int(QUARTER)) == []
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


def wrong(member: Member) -> set[str]:
    """Texts at and beyond each bound of an element."""
    texts = set(STRANGE)
    if member.facets is not None:
        for bound in (member.facets.longest, member.facets.shortest):
            texts |= {filler * count for filler in "9y" for count in around(bound)}
        for number in (member.facets.least, member.facets.most):
            texts |= {str(count) for count in around(number)}
        texts |= {f"{value}{value}" for value in member.facets.values}
    return texts


def around(bound: int | None) -> set[int]:
    return set() if bound is None else {max(bound - 1, 0), bound, bound + 1}


@pytest.mark.parametrize("form", FORMS)
def test_each_bound_of_each_element_is_the_same_to_both(form: str) -> None:
    descriptor = known.known()[form]
    for member, path in distinct()[form].items():
        right = given(admissible.messages(descriptor, QUARTER, path))
        settings(lenient, max_examples=1, database=None)(right(bounded(form, path, member)))()


@cache
def distinct() -> dict[str, dict[Member, tuple[str, ...]]]:
    """Every sort of element once, with the path to one of its places, by the form that has it."""
    seen: set[Member] = set()
    paths: dict[str, dict[Member, tuple[str, ...]]] = {form: {} for form in FORMS}
    for form in FORMS:
        for place, member in structure.of(known.known()[form], QUARTER).places():
            if member not in seen:
                paths[form][member] = (*place.split("/")[1:], member.name)
                seen.add(member)
    return paths


def bounded(form: str, path: tuple[str, ...], member: Member) -> Callable[[Any], None]:
    def agree(message: Any) -> None:
        right = codec.write(message)
        assert found(documents.parse(right), form) == []
        for count in around(member.most) | around(member.least):
            root = documents.parse(right)
            _times(stand(root, path), count)
            assert schema(form).validate(root) is (found(root, form) == []), (path, count)
        for text in () if member.facets is None else wrong(member):
            root = documents.parse(right)
            stand(root, path).text = text
            assert schema(form).validate(root) is (found(root, form) == []), (path, text)

    return agree


def stand(root: etree._Element, path: tuple[str, ...]) -> etree._Element:
    element = root.find("/".join(path))
    assert element is not None
    return element


def _times(element: etree._Element, count: int) -> None:
    """Have it stand so many times in its block, and no more."""
    parent = element.getparent()
    assert parent is not None
    place = parent.index(element)
    for twin in parent.findall(element.tag):
        parent.remove(twin)
    for _ in range(count):
        parent.insert(place, documents.parse(etree.tostring(element)))


@reference.needed
@pytest.mark.parametrize("name", SAMPLES)
def test_a_published_sample_is_valid(name: str) -> None:
    form, quarter, _ = name.split("_")
    if form not in known.known():
        pytest.skip(f"the contracts do not hold {form} yet")
    schema(form, quarter).assertValid(documents.parse(reference.sample(name)))
