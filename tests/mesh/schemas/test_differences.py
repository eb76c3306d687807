"""What a quarter brings, changes and ends is marked; read backwards, the other way round."""

from __future__ import annotations

import json

from lxml import etree

from mesh.schemas import difference_pages, differences, documents, structure
from mesh.schemas.differences import Change, Difference
from mesh.schemas.quarters import Quarter
from tests.mesh.schemas import planted

BEFORE, AFTER = Quarter(2023, 4), Quarter(2024, 1)


def between(before: Quarter, after: Quarter) -> set[Difference]:
    old, new = (structure.of(planted.form(), quarter) for quarter in (before, after))
    return set(differences.of_documents(old, new))


def one(name: str, zone: str, change: Change, aspect: str, *told: str) -> Difference:
    return Difference("Planted", "Planted/Block", name, zone, change, aspect, *told)


def test_elements_and_values_that_come_change_and_go_are_marked() -> None:
    assert between(BEFORE, AFTER) == {
        one("Kept", "00901", Change.NEW, "value", "", "B"),
        one("Kept", "00901", Change.ENDED, "value", "C", ""),
        one("Gone", "00902", Change.ENDED, "element"),
        one("Come", "00903", Change.NEW, "element"),
        one("Length", "00904", Change.CHANGED, "length", "at most 5", "at most 9"),
    }


def test_backwards_what_was_new_has_ended() -> None:
    turned = {Change.NEW: Change.ENDED, Change.ENDED: Change.NEW, Change.CHANGED: Change.CHANGED}
    assert between(AFTER, BEFORE) == {
        one(d.name, d.zone, turned[d.change], d.aspect, d.after, d.before)
        for d in between(BEFORE, AFTER)
    }


def test_within_a_quarter_nothing_differs() -> None:
    assert between(BEFORE, BEFORE) == set()
    assert between(BEFORE, BEFORE.plus(-8)) == set()
    assert differences.between(AFTER, AFTER) == ()


def test_the_three_pages_tell_the_same() -> None:
    found = tuple(
        differences.of_documents(*(structure.of(planted.form(), q) for q in (BEFORE, AFTER)))
    )
    told = json.loads(difference_pages.as_json(BEFORE, AFTER, found))
    assert (told["from"], told["to"]) == ("20234", "20241")
    root = etree.fromstring(difference_pages.as_xml(BEFORE, AFTER, found))
    assert [dict(element.attrib) for element in root] == [
        {key: text for key, text in difference.items() if text}
        for difference in told["differences"]
    ]
    page = difference_pages.as_markdown(BEFORE, AFTER, found).decode()
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert [row.split("|")[1].strip() for row in rows] == [
        {"new": "`+`", "changed": "`~`", "ended": "`-`"}[difference["change"]]
        for difference in told["differences"]
    ]
    assert b"Nothing differs" in difference_pages.as_markdown(BEFORE, AFTER, ())


def test_every_form_can_be_compared() -> None:
    first, last = Quarter(2003, 1), Quarter(2099, 4)
    for difference in differences.between(first, last):
        assert difference.form in documents.known()
