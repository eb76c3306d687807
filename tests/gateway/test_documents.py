"""Hostile XML is refused by name, before it can do harm."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from gateway import documents
from mesh.refusals import Refusal

LAUGHS = b"".join(
    b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10 if n else b"lol") for n in range(10)
)


def reason(body: bytes) -> str:
    with pytest.raises(Refusal) as refused:
        documents.parse(body)
    return refused.value.reason


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE x [" + LAUGHS + b"]><x>&l9;</x>",
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
        b'<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd"><x/>',
        b'<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:1/p">%p;]><x/>',
        b'<?xml version="1.0"?>\n<!DOCTYPE x><x/>',
        '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'.encode(
            "utf-16"
        ),
    ],
)
def test_document_types_and_entities_are_forbidden(body: bytes) -> None:
    assert reason(body) == "XML_ENTITIES_FORBIDDEN"


@pytest.mark.parametrize("body", [b"", b"<a>", b"<a></b>", b"\xff\xfe", b"not xml", b"<a>&b;</a>"])
def test_what_is_not_well_formed_is_refused(body: bytes) -> None:
    assert reason(body) == "XML_MALFORMED"


@pytest.mark.parametrize("depth", [documents.MOST_DEPTH + 1, 10_000])
def test_deep_nesting_is_refused(depth: int) -> None:
    assert reason(b"<a>" * depth + b"</a>" * depth) == "XML_TOO_DEEP"


def test_the_deepest_that_may_be_is_read() -> None:
    depth = documents.MOST_DEPTH
    assert documents.parse(b"<a>" * depth + b"</a>" * depth).tag == "a"


def test_many_attributes_are_refused() -> None:
    attributes = b" ".join(b'a%d="1"' % n for n in range(documents.MOST_ATTRIBUTES + 1))
    assert reason(b"<a " + attributes + b"/>") == "XML_TOO_MANY_ATTRIBUTES"


def test_many_elements_are_refused() -> None:
    assert reason(b"<a>" + b"<b/>" * (2 * documents.MOST_ELEMENTS) + b"</a>") == "XML_TOO_LARGE"


def test_a_document_beyond_its_bound_is_refused() -> None:
    assert reason(b"<a>" + b" " * documents.MOST_BYTES + b"</a>") == "XML_TOO_LARGE"


async def test_reading_stops_at_the_first_chunk_too_many() -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield b"x" * 1000

    with pytest.raises(Refusal) as refused:
        await documents.receive(endless(), most=10_000)
    assert refused.value.reason == "XML_TOO_LARGE"
    assert taken == 11


def test_comments_and_instructions_are_left_out() -> None:
    root = documents.parse(b"<a><!-- no --><?run this?><b/>t</a>")
    assert [child.tag for child in root] == ["b"]


def test_other_encodings_are_read() -> None:
    body = '<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>'.encode("latin-1")
    assert documents.parse(body).text == "é"
