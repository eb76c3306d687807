"""What is published is there for every holder of a certificate, and ages as it says."""

from __future__ import annotations

import json
from datetime import date

import pytest
from lxml import etree

from console.authority import Authority
from gateway import published
from tests.gateway.test_https import client, reason

TODAY = date(2026, 11, 24)
PLACE = "/nsso/schemas/"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Dimona_20234.xsd", "application/xml"),
        ("differences_20233_20234.md", "text/markdown; charset=utf-8"),
        ("differences_20233_20234.json", "application/json"),
        ("glossary_20234.html", "text/html; charset=utf-8"),
        ("glossary_20234.xml", "application/xml"),
        ("index_20234.json", "application/json"),
        ("", "application/json"),
    ],
)
def test_a_name_leads_to_its_file(name: str, kind: str) -> None:
    file = published.find(name, TODAY)
    assert file is not None
    assert file.media_type == kind


@pytest.mark.parametrize(
    "name",
    [
        "Dimona_20235.xsd",
        "Dimona_20234.json",
        "Dimona_20024.xsd",
        "Dimona_20281.xsd",
        "Nothing_20234.xsd",
        "glossary_20234.xsd",
        "glossary_20234.md",
        "glossary_20233_20234.xml",
        "differences_20234.xml",
        "differences_20233_20281.xml",
        "differences_20233_20234.html",
        "../web.py",
        "Dimona_20234.xsd\n",
        "index_20234.xml",
    ],
)
def test_any_other_name_leads_nowhere(name: str) -> None:
    assert published.find(name, TODAY) is None


def test_every_file_of_the_list_is_there() -> None:
    listed = published.find("", TODAY)
    assert listed is not None
    told = json.loads(listed.body)
    assert told["quarter"] == "20264"
    assert len(told["files"]) > 6
    assert all(published.find(name, TODAY) for name in told["files"])


@pytest.mark.parametrize(
    ("asked", "known"),
    [('"a"', True), ('W/"a"', True), ('"b", "a"', True), ("*", True), ('"b"', False), ("", False)],
)
def test_a_tag_is_known_or_not(asked: str, known: bool) -> None:
    assert published.has(asked, '"a"') is known


@pytest.mark.parametrize("holder", ["employer/0400767772", "institution/17/1"])
async def test_every_holder_of_a_certificate_may_read(
    authority: Authority, alone: str, holder: str
) -> None:
    async with client(authority, holder, alone) as reader:
        answer = await reader.get(f"{PLACE}Dimona_20234.xsd")
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=3600"
        etree.XMLSchema(etree.fromstring(answer.content))
        again = await reader.get(
            f"{PLACE}Dimona_20234.xsd", headers={"if-none-match": answer.headers["etag"]}
        )
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == answer.headers["etag"]
        nothing = await reader.get(f"{PLACE}Dimona_20235.xsd")
    assert (nothing.status_code, reason(nothing)) == (404, "NOTHING_HERE")
