"""All ways to ask agree: what Explain allows, Consult delivers; a batch is many consultations."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from crossroads.repertory.v1 import repertory_pb2
from crossroads.router.v1 import decision_pb2, exchange_pb2
from crossroads.types.v1 import types_pb2
from google.protobuf.message import Message

from mesh import clock, refusals
from sandbox import cast
from sandbox.story.stage import Stage

ASKERS = ("17/1", "18/1", "39/0", "0/0")
SORTS = ("employment_period", "household_composition", "income", "never_heard_of")
PURPOSES = ("living_wage_enquiry", "unemployment_benefit", "social_tariff")
QUALITIES = (0, 1, 2)
PERSONS = (cast.LINA, cast.NOOR)


@pytest.fixture
async def stage(mesh_up: dict[str, Any]) -> AsyncIterator[Stage]:
    made = Stage(Path(mesh_up["state"]) / "endpoints.json")
    yield made
    await made.close()


def questions() -> list[exchange_pb2.ConsultRequest]:
    today = clock.today()
    return [
        exchange_pb2.ConsultRequest(
            ssin=person,
            data_sorts=SORTS,
            quality=quality,
            purpose=purpose,
            period=types_pb2.Period(begin=str(today), end=str(today + timedelta(days=1))),
        )
        for person, quality, purpose in itertools.product(PERSONS, QUALITIES, PURPOSES)
    ]


def parts(decision: decision_pb2.Decision) -> list[Message]:
    """What was decided, without the positions that were read."""
    return list(decision.data_sorts)


@pytest.mark.parametrize("asker", ASKERS)
async def test_consult_batch_and_explain_decide_the_same(stage: Stage, asker: str) -> None:
    exchange = stage.exchange(f"institution/{asker}")
    asked = questions()
    batch = await exchange.BatchConsult(exchange_pb2.BatchConsultRequest(consultations=asked))
    for question, in_batch in zip(asked, batch.consultations, strict=True):
        alone = await exchange.Consult(question)
        explained = await exchange.Explain(exchange_pb2.ExplainRequest(consultation=question))
        assert parts(alone.decision) == parts(in_batch.decision) == parts(explained.decision)
        assert [a.SerializeToString() for a in alone.answers] == [
            a.SerializeToString() for a in in_batch.answers
        ]
        allowed = {
            part.data_sort
            for part in explained.decision.data_sorts
            if part.verdict == decision_pb2.VERDICT_PERMITTED
        }
        assert {answer.data_sort for answer in alone.answers} == allowed
        assert len({alone.ticket, in_batch.ticket, explained.ticket}) == 3


async def test_the_unauthorised_get_the_same_answer_on_whomever_they_ask(stage: Stage) -> None:
    exchange = stage.exchange("institution/18/1")
    (known, unknown) = (cast.LINA, "00010100105")
    answers = []
    for ssin in (known, unknown):
        question = exchange_pb2.ConsultRequest(
            ssin=ssin,
            data_sorts=["income"],
            quality=1,
            purpose="living_wage_enquiry",
            period=types_pb2.Period(begin="2026-01-01", end="2026-02-01"),
        )
        answer = await exchange.Consult(question)
        answer.ticket = ""
        answers.append(answer)
    assert answers[0] == answers[1]
    assert answers[0].decision.repertory_position == ""


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"ssin": cast.LINA[:-2] + "00"}, "SSIN_CHECK_DIGIT"),
        ({"ssin": "abc"}, "MALFORMED_REQUEST"),
        ({"period": {"begin": "2026-02-30"}}, "PERIOD_IMPOSSIBLE"),
        ({"period": {"begin": "2026-02-02", "end": "2026-02-01"}}, "MALFORMED_REQUEST"),
        ({"data_sorts": ["Not A Sort"]}, "MALFORMED_REQUEST"),
        ({"quality": -1}, "MALFORMED_REQUEST"),
    ],
)
async def test_a_malformed_question_says_what_is_wrong_and_names_nobody(
    stage: Stage, change: dict[str, Any], reason: str
) -> None:
    good: dict[str, Any] = {
        "ssin": cast.LINA,
        "data_sorts": ["income"],
        "quality": 1,
        "purpose": "living_wage_enquiry",
        "period": {"begin": "2026-01-01", "end": "2026-02-01"},
    }
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stage.exchange("institution/17/1").Consult(
            exchange_pb2.ConsultRequest(**{**good, **change})
        )
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert refusals.of_error(refused.value).reason == reason
    assert cast.LINA[:9] not in str(refused.value.trailing_metadata())


async def test_a_question_sees_the_write_whose_token_it_carries(stage: Stage) -> None:
    """Integrate, then ask with the token: never refused for want of integration."""
    today = clock.today()
    line = repertory_pb2.Inscription(
        ssin=cast.ADIL,
        institution=types_pb2.Institution(sector=17, number=1),
        quality=1,
        period=types_pb2.Period(begin=str(today), end=str(today + timedelta(days=30))),
    )
    written = await stage.repertory("institution/17/1").Register(
        repertory_pb2.RegisterRequest(request_id=stage.request_id("fresh"), inscriptions=[line])
    )
    answer = await stage.exchange("institution/17/1").Consult(
        exchange_pb2.ConsultRequest(
            ssin=cast.ADIL,
            data_sorts=["household_composition"],
            quality=1,
            purpose="living_wage_enquiry",
            period=types_pb2.Period(begin=str(today), end=str(today + timedelta(days=1))),
            freshness=written.freshness,
        )
    )
    assert answer.decision.verdict == decision_pb2.VERDICT_PERMITTED
    assert int(answer.decision.repertory_position) >= int(written.freshness)
