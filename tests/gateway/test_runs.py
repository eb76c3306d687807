"""Persons in plain text are read without a tree: what comes of it is the same, wherever it ends."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from crossroads.forms.v1 import dmfa_pb2
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway import codec, runs
from gateway.pieces import Ended, Piece
from gateway.skeletons import OFTEN, Skeletons
from gateway.streaming import Stream
from mesh.blocks import block
from mesh.refusals import Refusal
from sandbox import cast, quarterly
from tests.gateway import forms, spoilt

PERSON = "NaturalPerson"
HEAD, *PERSONS, TAIL = (
    piece.decode()
    for piece in quarterly.document(
        datetime(2022, 10, 3, 9, tzinfo=UTC), "20223", cast.BREWERY_NSSO, quarterly.workers(40)
    )
)
WHOLE = PERSONS[2]
BESIDE = (
    "",
    "\n\n",
    "\r\n\t",
    "\r",
    "stray",
    "&#32;",
    "<Colour/>",
    "<Colour>\n",
    "</Colour>",
    f"<!-- {WHOLE} -->",
    f"<!-- {WHOLE}",
    f"<![CDATA[{WHOLE}]]>",
    f"<?payroll {WHOLE}?>",
    f"<Colour>{WHOLE}{WHOLE}</Colour>",
    f"<CompanyVehicle>{WHOLE}</CompanyVehicle>",
    f"<Form>{WHOLE}</Form>",
    f"<{PERSON}/>",
    f"<{PERSON}>{WHOLE}",
    f"</{PERSON}>",
    "\x00",
    "\x0b",
    "é",
    "</EmployerDeclaration><EmployerDeclaration>",
    "</EmployerDeclaration></Form><Form><EmployerDeclaration>",
    TAIL,
)
CHANGES = (
    ("<Border>", "<Border>"),
    ("<Border>0", "<Border>7"),
    ("<Border>0", "<Border>0\r\n"),
    ("<Border>0", "<Border>&#48;"),
    ("<Border>0", "<Border>0]]>"),
    ("<Border>0", "<Border>\u00e9"),
    ("<Border>0", "<Border>\x01"),
    ("<Border>0", "<Border>"),
    ("<Border>0", "<Border><!-- -->0"),
    ("<Border>0", "<Border><![CDATA[0]]>"),
    ("<Border>0", "<Border>0<"),
    ("<Border>0</Border>", ""),
    ("<Border>0</Border>", "<Border/>"),
    ("<Border>0</Border>", "<Border>0</Border><Border>0</Border>"),
    ("<Border>", '<Border kind="a">'),
    ("<Border>", "<border>"),
    ("<Border>", "<Border >"),
    ("<Border>", '<Border xmlns="urn:other">'),
    ("</Border>", "</Border>stray"),
    ("</Border>", "</Border>\n \r\n"),
    ("</Border>", "</Border >"),
    ("</WorkerRecord>", "\n</WorkerRecord>"),
    (f"<{PERSON}>", f"<{PERSON}\n>"),
    (f"<{PERSON}>", f"<{PERSON}>\n"),
    (f"</{PERSON}>", f"</{PERSON}\n>"),
    ("<INSS>6", "<INSS>7"),
    ("INSS>", "Name>"),
    ("<Border>0", "<Border>&amp;"),
    ("<Border>0", "<Border>&#x30;"),
    ("<Border>0", "<Border>&lol;"),
    ("<Border>0", "<Border>0&lt;/Border&gt;"),
    ("<Border>0", "<Border><?x 0?>0"),
    ("<Border>0", "<Border> 0 "),
    ("<Border>0", "<Border>" + "0" * 70_000),
    ("<Border>0", "<Border><Border>0</Border>"),
    ("<Border>0</Border>", '<a:Border xmlns:a="urn:other">0</a:Border>'),
    ("<Border>0</Border>", "<a:Border>0</a:Border>"),
    ("<Border>", '<Border xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="0">'),
    ("<Border>", "<Border kind='a' kind='b'>"),
    ("</INSS><WorkerRecord>", "</INSS><Border>0</Border><WorkerRecord>"),
    ("<Border>0</Border><Occupation>", "<Occupation><Border>0</Border>"),
    ("<WorkerRecord>", "<WorkerRecord><WorkerRecord>"),
    ("<WorkerRecord>", " " * 70_000 + "<WorkerRecord>"),
    ("</WorkerRecord>", "</WorkerRecord>" + "<a>" * 50 + "</a>" * 50),
    (f"</{PERSON}>", f"<{PERSON}/></{PERSON}>"),
    (f"</{PERSON}>", f"{WHOLE}</{PERSON}>"),
    (f"<{PERSON}>", f'<{PERSON} xmlns="urn:other">'),
    ("><", ">\n<"),
    ("><", ">\r\n\t<"),
)
PROLOGS = (
    "",
    "\ufeff",
    '<?xml version="1.0"?>\n',
    "<?xml version='1.0' encoding='iso-8859-1' ?>",
    '<?xml version="1.0" encoding="UTF-7"?>',
    "<!-- <DmfAOriginal --> ",
    "<!-- <DmfAOriginal> -->\n<?payroll version 3?>",
)


ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "latin-1")
KIND: Any = dmfa_pb2.DmfaNaturalPerson.DESCRIPTOR


def read(body: bytes, size: int, *, quick: bool = True) -> tuple[Any, ...]:
    """All that is told, or why the document is refused."""
    stream = Stream(dmfa_pb2.DmfaOriginal, PERSON, quick)
    told = list[Any]()
    try:
        for first in range(0, len(body), size):
            told += stream.feed(body[first : first + size])
        return (told, stream.close())
    except Refusal as refusal:
        return (refusal.reason, refusal.metadata)


def tells_the_same(body: bytes, size: int) -> None:
    """Quick and slow, in the same pieces and byte by byte.

    Where in a document that is no XML the parser stops depends on what it was fed with last.
    """
    quickly = read(body, size)
    assert quickly == read(body, size, quick=False)
    by_byte = read(body, 1)
    assert quickly[0] == by_byte[0]
    assert quickly[0] == "XML_MALFORMED" or quickly == by_byte


@settings(max_examples=60, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(
    st.sampled_from(PROLOGS),
    st.lists(
        st.tuples(st.sampled_from(PERSONS), st.sampled_from(CHANGES), st.sampled_from(BESIDE)),
        max_size=6,
    ),
    st.integers(0, 20),
    st.integers(1_000, 40_000),
    st.sampled_from(ENCODINGS),
    st.integers(0, 60_000),
)
@example("", [], 0, 1_000, "utf-8", 0)
def test_quick_or_slow_in_one_go_or_byte_by_byte_a_document_tells_the_same(
    prolog: str,
    persons: list[tuple[str, tuple[str, str], str]],
    plain: int,
    size: int,
    encoding: str,
    cut: int,
) -> None:
    body = prolog + HEAD[HEAD.index("<DmfA") :] + "".join(PERSONS[:plain])
    for person, (before, after), beside in persons:
        body += person.replace(before, after) + beside + PERSONS[plain] * 2
    encoded = (body + TAIL).encode(encoding, "replace")
    tells_the_same(encoded[: len(encoded) - max(0, cut - 50_000)], size)


@pytest.mark.parametrize("beside", BESIDE)
@pytest.mark.parametrize("many", [1, 3])
def test_whatever_stands_between_persons_changes_nothing(beside: str, many: int) -> None:
    body = (HEAD + "".join(one + beside for one in PERSONS[:many]) + WHOLE * 3 + TAIL).encode()
    tells_the_same(body, len(body))


@pytest.mark.parametrize(("before", "after"), CHANGES)
def test_whatever_a_person_holds_is_read_the_same(before: str, after: str) -> None:
    assert before in WHOLE
    changed = [one.replace(before, after) for one in PERSONS]
    body = (HEAD + "".join(changed[:8]) + TAIL).encode()
    tells_the_same(body, len(body))


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_every_constraint_that_is_broken_is_told_the_same(data: st.DataObject) -> None:
    """Persons with every element and a block that is spoilt, between others that are right."""
    right = codec.tree(forms.right(KIND, 20223, full=True), PERSON)
    plain = etree.tostring(right, encoding="unicode")
    body = HEAD + plain * 2
    for _ in range(data.draw(st.integers(1, 4))):
        person = copy.deepcopy(right)
        block, descriptor = data.draw(st.sampled_from(list(blocks_in(person, KIND))))
        cases = [one for one in spoilt.cases(descriptor) if not one.quarter]
        with contextlib.suppress(
            AttributeError, IndexError
        ):  # what is to be spoilt stands not here
            data.draw(st.sampled_from(cases)).spoil(block)
        body += etree.tostring(person, encoding="unicode") + plain
    tells_the_same((body + TAIL).encode(), data.draw(st.integers(1_000, 40_000)))


def test_a_run_of_any_length_is_read_in_one_go() -> None:
    many = 12_000
    body = (HEAD + WHOLE * many + TAIL).encode()
    assert len(body) > 12_000_000
    told, _ = read(body, len(body))
    assert sum(isinstance(one, Piece) for one in told) == many
    (ended,) = (one for one in told if isinstance(one, Ended))
    assert (ended.pieces, ended.anomalies) == (many, [])


def test_persons_that_follow_make_a_run() -> None:
    text = "".join(PERSONS[1:]) + "<Colour/>"
    run = runs.read(text, 0, skeletons())
    assert run is not None
    assert [person(one).inss for one in run.pieces] == [
        worker.ssin for worker in quarterly.workers(40)
    ][1:]
    assert text[run.end :] == "<Colour/>"
    assert len(run.stub) == run.end
    stub = etree.fromstring(run.stub)
    assert (stub.tag, (stub.text or "").strip()) == (PERSON, "")


def test_a_skeleton_that_comes_often_is_compiled() -> None:
    seen = skeletons()
    for number in range(OFTEN):
        assert not seen.usual, number
        assert seen.read(WHOLE, 0) is not None
    assert len(seen.usual) == 1
    assert seen.read(WHOLE, 0) == skeletons().read(WHOLE, 0)
    assert seen.read(WHOLE.replace("<INSS>6", "<INSS>7"), 0) is None


def skeletons() -> Skeletons:
    return Skeletons(KIND, PERSON, 20223)


def blocks_in(element: Any, descriptor: Any) -> Iterator[tuple[Any, Any]]:
    """Every block of an element, itself first, with its contract."""
    yield element, descriptor
    for child in element:
        kind = block(descriptor).by_name[child.tag].field.message_type
        if kind is not None:
            yield from blocks_in(child, kind)


def person(wire: bytes) -> dmfa_pb2.DmfaNaturalPerson:
    return dmfa_pb2.DmfaNaturalPerson.FromString(wire)
