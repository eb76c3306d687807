"""Every bad input gets a clear error with its reason, and leaves no trace in the data."""

from __future__ import annotations

from collections.abc import AsyncIterator

import grpc
import pytest
from crossroads.attestations.v1 import attestations_pb2
from crossroads.declarations.v1 import declarations_pb2
from crossroads.repertory.v1 import repertory_pb2
from crossroads.router.v1 import exchange_pb2
from crossroads.types.v1 import types_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from mesh import clock, refusals
from sandbox import cast, payroll
from sandbox.story import employment
from sandbox.story.consultations import CENTRE, question
from sandbox.story.stage import Stage

GOOD = payroll.dimona_in(clock.now(), cast.BAKERY_NSSO, cast.JORIS, clock.today())
BAKERY = f"employer/{cast.BAKERY}"
ENTITIES = b"""<?xml version="1.0"?><!DOCTYPE Dimona [<!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/hostname">]>
<Dimona><Form>&b;&c;</Form></Dimona>"""
UNKNOWN = "00010100105"
"""A well-formed number that nobody bears here."""


@pytest.fixture
async def unchanged(stage: Stage) -> AsyncIterator[None]:
    """Declarations and inscriptions are after the test as they were before."""
    before = await _state_of_things(stage)
    yield
    assert await _state_of_things(stage) == before


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b"<Dimona><Form>", "XML_MALFORMED"),
        (b"", "XML_MALFORMED"),
        (ENTITIES, "XML_ENTITIES_FORBIDDEN"),
        (b"<a>" * 200 + b"</a>" * 200, "XML_TOO_DEEP"),
        (GOOD.replace(b"</Form>", b"<!--" + b"x" * (9 << 20) + b"--></Form>"), "XML_TOO_LARGE"),
        (b"<Dmfa/>", "XML_WRONG_ROOT"),
    ],
    ids=["cut off", "empty", "entities", "deep", "large", "another root"],
)
async def test_a_hostile_document_is_refused_with_its_reason(
    stage: Stage, document: bytes, reason: str
) -> None:
    async with stage.https(BAKERY) as client:
        answer = await client.post("/nsso/dimona", content=document)
    assert 400 <= answer.status_code < 500
    assert reason in answer.text


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (question("employment_period", 2, "living_wage_enquiry"), "SSIN_CHECK_DIGIT"),
        (exchange_pb2.ConsultRequest(ssin=cast.LINA), "MALFORMED_REQUEST"),
    ],
    ids=["wrong check digit", "nothing asked"],
)
async def test_a_bad_question_is_refused_with_its_reason(
    stage: Stage, request_: exchange_pb2.ConsultRequest, reason: str
) -> None:
    if reason == "SSIN_CHECK_DIGIT":
        request_.ssin = f"{cast.LINA[:-2]}{(int(cast.LINA[-2:]) + 1) % 97:02d}"
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stage.exchange(CENTRE).Consult(request_)
    _assert_refused(refused.value, grpc.StatusCode.INVALID_ARGUMENT, reason)
    assert request_.ssin not in (refused.value.details() or "")


async def test_a_person_nobody_knows_is_not_integrated(stage: Stage) -> None:
    request = question("employment_period", 2, "living_wage_enquiry")
    request.ssin = UNKNOWN
    answer = await stage.exchange(CENTRE).Consult(request)
    assert [part.reason for part in answer.decision.data_sorts] == [5]
    assert not answer.answers


@pytest.mark.usefixtures("unchanged")
async def test_a_reversed_period_is_refused(stage: Stage) -> None:
    request = _registration(stage, "reversed")
    request.inscriptions[0].period.CopyFrom(types_pb2.Period(begin="2026-02-01", end="2026-01-01"))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stage.repertory(CENTRE).Register(request)
    _assert_refused(refused.value, grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED_REQUEST")


@pytest.mark.usefixtures("unchanged")
async def test_an_unknown_kind_of_mutation_is_refused(stage: Stage) -> None:
    request = _publication(stage, "unknown-kind")
    request.mutation.kind = 77  # type: ignore[assignment] # it is the point
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stage.exchange("institution/21/0").Publish(request)
    _assert_refused(refused.value, grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED_REQUEST")


async def test_the_same_request_twice_is_answered_as_the_first_time(stage: Stage) -> None:
    request = _registration(stage, "twice")
    first = await stage.repertory(CENTRE).Register(request)
    assert await stage.repertory(CENTRE).Register(request) == first


async def test_another_content_under_the_same_request_id_is_refused(stage: Stage) -> None:
    request = _registration(stage, "reused")
    await stage.repertory(CENTRE).Register(request)
    request.inscriptions[0].quality = 2
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stage.repertory(CENTRE).Register(request)
    _assert_refused(refused.value, grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")


async def test_a_declaration_sent_twice_is_one_declaration(stage: Stage) -> None:
    async with stage.https(BAKERY) as client:
        package = payroll.Payroll(client)
        key = stage.request_id("bakery")
        first = await package.send(GOOD, key)
        assert await package.send(GOOD, key) == first
        other = payroll.dimona_cancel(clock.now(), "000000000101")
        answer = await client.post("/nsso/dimona", content=other, headers={"idempotency-key": key})
    assert answer.status_code == 409
    assert "REQUEST_ID_REUSED" in answer.text


async def test_a_mutation_published_twice_has_one_ticket(stage: Stage) -> None:
    request = _publication(stage, "twice")
    exchange = stage.exchange(CENTRE)
    first = await exchange.Publish(request)
    assert await exchange.Publish(request) == first
    request.mutation.kind = exchange_pb2.MUTATION_KIND_CHANGED
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await exchange.Publish(request)
    _assert_refused(refused.value, grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")


@pytest.mark.usefixtures("unchanged")
async def test_who_does_not_hold_a_datum_cannot_announce_it(stage: Stage) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stage.exchange("institution/11/1").Publish(_publication(stage, "not-holder"))
    _assert_refused(refused.value, grpc.StatusCode.PERMISSION_DENIED, "NOT_THE_HOLDER")


def _assert_refused(error: grpc.aio.AioRpcError, code: grpc.StatusCode, reason: str) -> None:
    """The reason, and a text in each of the four languages."""
    refusal = refusals.of_error(error)
    assert (refusal.code, refusal.reason) == (code, reason)
    status = rpc_status.from_call(error)  # type: ignore[arg-type]
    assert status is not None
    locales = set()
    for detail in status.details:
        text = error_details_pb2.LocalizedMessage()
        if detail.Unpack(text):
            locales.add(text.locale)
    assert locales == {"nl", "fr", "de", "en"}


def _registration(stage: Stage, name: str) -> repertory_pb2.RegisterRequest:
    return repertory_pb2.RegisterRequest(
        request_id=stage.request_id(name),
        inscriptions=[
            repertory_pb2.Inscription(
                ssin=cast.JORIS,
                institution=types_pb2.Institution(sector=17, number=1),
                quality=1,
                period=types_pb2.Period(begin="2026-01-01", end="2026-02-01"),
            )
        ],
    )


def _publication(stage: Stage, name: str) -> exchange_pb2.PublishRequest:
    """Of a living wage of Joris that began and ended long ago."""
    request = exchange_pb2.PublishRequest(
        request_id=stage.request_id(f"publish-{name}"),
        mutation=exchange_pb2.Mutation(
            ssin=cast.JORIS,
            data_sort="living_wage",
            kind=exchange_pb2.MUTATION_KIND_CREATED,
            period=types_pb2.Period(begin="2020-01-01", end="2020-02-01"),
        ),
    )
    request.mutation.attestation.Pack(
        attestations_pb2.LivingWage(period=request.mutation.period, kind="LIVING_WAGE")
    )
    return request


async def _state_of_things(stage: Stage) -> list[bytes]:
    declared: Message = await stage.persist(
        lambda: stage.declarations(BAKERY).ListDeclarations(
            declarations_pb2.ListDeclarationsRequest()
        )
    )
    known: Message = await stage.persist(
        lambda: stage.repertory(employment.AUDITOR).ListInscriptions(
            repertory_pb2.ListInscriptionsRequest(ssin=cast.JORIS)
        )
    )
    return [declared.SerializeToString(), known.SerializeToString()]
