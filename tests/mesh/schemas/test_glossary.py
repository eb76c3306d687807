"""The glossary holds every element of every form, and its three pages tell the same."""

from __future__ import annotations

import json

import pytest
from lxml import etree, html

from mesh.schemas import documents, glossary, glossary_pages, structure
from mesh.schemas.glossary import Entry
from mesh.schemas.labels import LANGUAGES
from mesh.schemas.quarters import Quarter

QUARTER = Quarter(2023, 4)


@pytest.fixture(scope="module")
def entries() -> dict[str, Entry]:
    return {entry.zone: entry for entry in glossary.of(QUARTER)}


def test_every_element_of_every_form_is_told(entries: dict[str, Entry]) -> None:
    for message in documents.of(QUARTER):
        document = structure.of(message, QUARTER)
        for place, member in document.places():
            uses = {(use.form, use.place, use.member.name) for use in entries[member.zone].uses}
            assert (document.form, place, member.name) in uses


def test_an_element_is_told_whole(entries: dict[str, Entry]) -> None:
    inss = entries["00024"]
    assert "INSS" in inss.names
    assert set(inss.labels) == {"nl", "fr", "de", "en"}
    assert {"Dimona", "NOTIFICATION"} <= set(inss.forms)
    codes = {code.code: code.gravity for code in inss.anomalies}
    assert codes["00024-004"] == "B"
    assert codes["00024-235"] == "B"


def test_an_element_is_told_in_its_quarters_only() -> None:
    measure = "01243"
    assert measure not in {entry.zone for entry in glossary.of(Quarter(2023, 2))}
    assert measure in {entry.zone for entry in glossary.of(Quarter(2023, 3))}


def test_the_three_pages_tell_the_same(entries: dict[str, Entry]) -> None:
    several = list(entries.values())
    told = json.loads(glossary_pages.as_json(QUARTER, several))["elements"]
    root = etree.fromstring(glossary_pages.as_xml(QUARTER, several))
    page = html.fromstring(glossary_pages.as_html(QUARTER, several).decode())
    assert [element["zone"] for element in told] == sorted(entries)
    assert [element.get("zone") for element in root] == sorted(entries)
    assert [section.get("id") for section in page.iter("section")] == sorted(entries)
    for element, section, one in zip(root, page.iter("section"), told, strict=True):
        codes = [anomaly["code"] for anomaly in one["anomalies"]]
        assert [anomaly.get("code") for anomaly in element.iter("Anomaly")] == codes
        text = "".join(str(piece) for piece in section.itertext())
        assert all(code in text for code in codes)
        assert all(label in text for label in one["labels"].values())


def test_every_element_has_a_name_in_four_languages(entries: dict[str, Entry]) -> None:
    unknown = [zone for zone, entry in entries.items() if set(entry.labels) != set(LANGUAGES)]
    assert unknown == []
