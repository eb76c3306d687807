"""DmfA in XML: the same steps however the bytes come, and every form a declaration of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from crossroads.declarations.v1 import dmfa_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import documents, quarterly
from gateway.quarterly import Reading
from mesh import identity
from mesh.refusals import Refusal
from sandbox import quarterly as payroll

BREWERY = identity.parse("employer/0400000185")
AT = datetime(2026, 10, 20, 9, 30, tzinfo=UTC)
MANY = quarterly.PART + 3
DOCUMENT = b"".join(payroll.document(AT, "20263", "123456749", payroll.workers(MANY)))


def steps(body: bytes, size: int = 1 << 16, key: str = "") -> list[dmfa_pb2.SubmitDmfaRequest]:
    async def chunks() -> AsyncIterator[bytes]:
        for first in range(0, len(body), size):
            yield body[first : first + size]

    async def read() -> list[dmfa_pb2.SubmitDmfaRequest]:
        return [step async for step in Reading(BREWERY, key).steps(chunks())]

    return asyncio.run(read())


WHOLE = steps(DOCUMENT)


def test_a_document_becomes_parts_and_a_closing() -> None:
    assert [step.WhichOneof("step") for step in WHOLE] == ["part", "part", "closing"]
    persons = [person.inss for step in WHOLE for person in step.part.persons]
    assert persons == [payee.ssin for payee in payroll.workers(MANY)]
    closing = WHOLE[-1].closing
    assert closing.form.employer_declaration.quarter == "20263"
    assert not closing.form.employer_declaration.natural_persons
    assert not any(step.part.anomalies or step.closing.anomalies for step in WHOLE)


@settings(deadline=None)
@given(st.integers(97, 200_000))
def test_the_same_bytes_are_the_same_request_however_they_come(size: int) -> None:
    assert steps(DOCUMENT, size) == WHOLE


def test_what_is_amiss_is_told_with_its_part_and_its_place() -> None:
    bad = DOCUMENT.replace(b"<Retired>0</Retired>", b"<Retired>x</Retired>", 1)
    [report] = steps(bad)[0].part.anomalies
    assert (report.tag_name, report.anomaly_location.location) == ("Retired", "1,1,6,6,3,6,8")


def test_forms_of_one_document_are_placed_as_if_each_stood_alone() -> None:
    begin, end = DOCUMENT.index(b"<Form>"), DOCUMENT.index(b"</DmfAOriginal>")
    form = DOCUMENT[begin:end].replace(b"<Retired>0</Retired>", b"<Retired>x</Retired>", 1)
    told = steps(DOCUMENT[:begin] + form + form + b"</DmfAOriginal>", key="my-own-key")
    closings = [step.closing for step in told if step.HasField("closing")]
    assert [one.request_id for one in closings] == ["my-own-key-1", "my-own-key-2"]
    reports = [report for step in told for report in step.part.anomalies]
    assert {report.anomaly_location.location for report in reports} == {"1,1,6,6,3,6,8"}
    assert len(reports) == 2


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<DmfAOriginal/>", "ARGUMENT_MISSING"),
        (b"<Dimona><Form/></Dimona>", "XML_WRONG_ROOT"),
        (b"<!DOCTYPE x><DmfAOriginal/>", "XML_ENTITIES_FORBIDDEN"),
        (DOCUMENT[:-20], "XML_MALFORMED"),
    ],
)
def test_a_document_that_is_none_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(Refusal, match=reason):
        steps(body)


def test_a_key_that_is_none_is_refused() -> None:
    with pytest.raises(Refusal, match="ARGUMENT_INVALID"):
        steps(DOCUMENT, key="short")


def test_corrections_of_one_document_have_an_id_each() -> None:
    root = documents.parse(b"<DmfAUpdate><Form/><Form/></DmfAUpdate>")
    one, two = quarterly.corrections(root, BREWERY, "")
    assert one.request_id != two.request_id
    assert one.anomalies
    with pytest.raises(Refusal, match="ARGUMENT_MISSING"):
        quarterly.corrections(documents.parse(b"<DmfAUpdate/>"), BREWERY, "")
