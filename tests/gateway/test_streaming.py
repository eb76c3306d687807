"""A document read as it comes: the same forms and anomalies as read whole, in constant memory."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from crossroads.forms.v1 import dimona_pb2, dmfa_pb2
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway import codec, documents
from gateway.pieces import Begun, Ended, Piece
from gateway.streaming import Stream
from mesh.refusals import Refusal
from tests.gateway import forms

PERSON = "NaturalPerson"


def document(persons: int, *, spoilt: bool = False) -> bytes:
    """A quarterly declaration with so many persons."""
    whole = forms.right(dmfa_pb2.DmfaOriginal.DESCRIPTOR, 20223, full=True)
    whole.schema_location = "DmfAOriginal_20223.xsd"
    declaration = whole.forms[0].employer_declaration
    person = dmfa_pb2.DmfaNaturalPerson()
    person.CopyFrom(declaration.natural_persons[0])
    del declaration.natural_persons[:]
    for number in range(1, persons + 1):
        person.natural_person_sequence_nbr = str(number)
        if spoilt and number % 3 == 0:
            person.inss = "85073003329"
        declaration.natural_persons.append(person)
    return codec.write(whole)


def told(stream: Stream, body: bytes, size: int) -> Iterator[Begun | Piece | Ended]:
    for first in range(0, len(body), size):
        yield from stream.feed(body[first : first + size])


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 30), st.booleans(), st.integers(100, 20_000))
def test_pieces_and_rest_are_what_the_whole_document_is(
    persons: int, spoilt: bool, size: int
) -> None:
    body = document(persons, spoilt=spoilt)
    whole, anomalies = codec.check(documents.parse(body), dmfa_pb2.DmfaOriginal)
    stream = Stream(dmfa_pb2.DmfaOriginal, PERSON)
    events = list(told(stream, body, size))
    around, beside = stream.close()
    pieces = [event for event in events if isinstance(event, Piece)]
    (ended,) = (event for event in events if isinstance(event, Ended))
    begun = events[0]
    assert isinstance(begun, Begun)
    assert isinstance(begun.message, dmfa_pb2.DmfaForm)
    assert begun.message.employer_declaration.quarter
    rest = dmfa_pb2.DmfaForm()
    rest.CopyFrom(whole.forms[0])
    del rest.employer_declaration.natural_persons[:]
    assert [p.message for p in pieces] == list(whole.forms[0].employer_declaration.natural_persons)
    assert (ended.message, ended.pieces, stream.quarter) == (rest, persons, 20223)
    assert around == dmfa_pb2.DmfaOriginal(schema_location="DmfAOriginal_20223.xsd")
    found = [a for piece in pieces for a in piece.anomalies] + ended.anomalies + beside
    assert sorted(found, key=str) == sorted(anomalies, key=str)


def test_positions_count_what_has_been_read_before() -> None:
    body = document(5).replace(b"<CompanyVehicle>", b"<Colour/><CompanyVehicle>")
    expected = codec.check(documents.parse(body), dmfa_pb2.DmfaOriginal)[1]
    stream = Stream(dmfa_pb2.DmfaOriginal, PERSON)
    *_, ended = told(stream, body, 64)
    assert isinstance(ended, Ended)
    assert [(a.error_id, a.location) for a in ended.anomalies] == [
        (a.error_id, a.location) for a in expected
    ]
    assert expected[0].value == "Colour"


def test_a_document_of_forms_is_read_form_by_form() -> None:
    form = etree.tostring(codec.tree(forms.right(dimona_pb2.DimonaForm.DESCRIPTOR), name="Form"))
    stream = Stream(dimona_pb2.Dimona)
    events = list(told(stream, b"<Dimona>" + form * 40 + b"<Form/><End/></Dimona>", 300))
    assert [event.form for event in events] == list(range(1, 42))
    ended: Any = events[-1]
    assert "00296-001" in {a.error_id for a in ended.anomalies}
    assert [(a.error_id, a.location) for a in stream.close()[1]] == [("90372-091", "1,42")]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<Dimona/>", "XML_WRONG_ROOT"),
        (b"", "XML_MALFORMED"),
        (b"<DmfAOriginal><Form></DmfAOriginal>", "XML_MALFORMED"),
        (b"<DmfAOriginal><Form>", "XML_MALFORMED"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><DmfAOriginal/>", "XML_ENTITIES_FORBIDDEN"),
        ("<!DOCTYPE a><DmfAOriginal/>".encode("utf-16"), "XML_ENTITIES_FORBIDDEN"),
        (b"<DmfAOriginal>" + b"<a>" * 300, "XML_TOO_DEEP"),
        (b"<!DOCTYPE a SYSTEM 'http://127.0.0.1:1/a'><DmfAOriginal/>", "XML_ENTITIES_FORBIDDEN"),
        (document(3).replace(b"<Border>", b"<Border>&lol;"), "XML_MALFORMED"),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 4096])
def test_a_hostile_document_is_refused(body: bytes, reason: str, size: int) -> None:
    stream = Stream(dmfa_pb2.DmfaOriginal, PERSON)
    with pytest.raises(Refusal, match=reason):
        list(told(stream, body, size))
        stream.close()


def test_a_piece_without_end_is_refused() -> None:
    stream = Stream(dmfa_pb2.DmfaOriginal, PERSON)
    stream.feed(b"<DmfAOriginal><Form><EmployerDeclaration><NaturalPerson><INSS>")
    with pytest.raises(Refusal, match="XML_TOO_LARGE"):
        for _ in range(20):
            stream.feed(b"1" * (1 << 20))


def test_persons_elsewhere_are_no_pieces() -> None:
    stream = Stream(dmfa_pb2.DmfaOriginal, PERSON)
    body = b"<DmfAOriginal><Form><NaturalPerson/></Form><NaturalPerson/></DmfAOriginal>"
    (ended,) = told(stream, body, 4096)
    assert isinstance(ended, Ended)
    assert ("90059-091", "1,1,1") in {(a.error_id, a.location) for a in ended.anomalies}
    assert [(a.error_id, a.location) for a in stream.close()[1]] == [("90169-091", "1,2")]


MEASURE = """
import resource, sys
from tests.gateway import test_streaming as t
from gateway.streaming import Stream
head, tail = t.document(1).split(b"<NaturalPerson>", 1)
person, rest = tail.split(b"</NaturalPerson>", 1)
person = b"<NaturalPerson>" + person + b"</NaturalPerson>"
def read(persons):
    stream = Stream(t.dmfa_pb2.DmfaOriginal, t.PERSON)
    count = len(stream.feed(head))
    for _ in range(persons):
        count += len(stream.feed(person))
    count += len(stream.feed(rest))
    stream.close()
    assert count == persons + 2, count
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
read(500)
before = peak()
read(int(sys.argv[1]))
print(len(person) * int(sys.argv[1]) >> 20, peak() - before)
"""


def test_five_thousand_workers_take_no_more_memory_than_five_hundred() -> None:
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, "5000"], capture_output=True, text=True, check=True
    )
    size, grown = map(int, done.stdout.split())
    assert size > 30
    assert grown <= 4
