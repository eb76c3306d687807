"""A lot and a stream answer what Consult answers on the same questions, in the whole mesh."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from crossroads.router.v1 import exchange_pb2, exchange_pb2_grpc
from crossroads.types.v1 import types_pb2

from mesh import clock
from sandbox import cast
from sandbox.story.stage import Stage

ASKERS = ("17/1", "18/1", "39/0")
PERSONS = (cast.LINA, cast.NOOR, cast.JORIS)
SORTS = ("employment_period", "household_composition", "income", "never_heard_of")


@pytest.fixture
async def stage(mesh_up: dict[str, Any]) -> AsyncIterator[Stage]:
    made = Stage(Path(mesh_up["state"]) / "endpoints.json")
    yield made
    await made.close()


def question(purpose: str, quality: int) -> exchange_pb2.LotQuestion:
    today = clock.today()
    return exchange_pb2.LotQuestion(
        data_sorts=SORTS,
        quality=quality,
        purpose=purpose,
        period=types_pb2.Period(begin=str(today), end=str(today + timedelta(days=1))),
    )


def asked(one: exchange_pb2.LotQuestion, ssin: str) -> exchange_pb2.ConsultRequest:
    return exchange_pb2.ConsultRequest(
        ssin=ssin,
        data_sorts=one.data_sorts,
        quality=one.quality,
        purpose=one.purpose,
        period=one.period,
    )


def said(answer: exchange_pb2.ConsultResponse) -> tuple[list[bytes], list[bytes]]:
    """What was decided and answered, without ticket, reference and the positions read."""
    return (
        [part.SerializeToString() for part in answer.decision.data_sorts],
        [part.SerializeToString() for part in answer.answers],
    )


async def done(
    stage: Stage, exchange: exchange_pb2_grpc.ExchangeStub, ticket: str
) -> exchange_pb2.Lot:
    async def look() -> exchange_pb2.Lot | None:
        lot = (await exchange.GetLot(exchange_pb2.GetLotRequest(ticket=ticket))).lot
        return lot if lot.state == exchange_pb2.LOT_STATE_DONE else None

    found = await stage.until(look, "the lot is not done")
    assert found
    return found


@pytest.mark.parametrize("asker", ASKERS)
@pytest.mark.parametrize(("purpose", "quality"), [("living_wage_enquiry", 1), ("social_tariff", 0)])
async def test_lot_stream_and_consult_answer_the_same(
    stage: Stage, asker: str, purpose: str, quality: int
) -> None:
    exchange, one = stage.exchange(f"institution/{asker}"), question(purpose, quality)
    opening = exchange_pb2.LotOpening(request_id=f"{stage.run}-consistent", question=one)
    submitted = await exchange.SubmitLot(
        iter(
            [
                exchange_pb2.SubmitLotRequest(opening=opening),
                exchange_pb2.SubmitLotRequest(persons=exchange_pb2.LotPersons(ssins=PERSONS)),
            ]
        )
    )
    lot = await done(stage, exchange, submitted.lot.ticket)
    page = await exchange.ListLotReplies(exchange_pb2.ListLotRepliesRequest(ticket=lot.ticket))
    replies = {reply.ssin: reply.consultation for reply in page.replies}
    assert lot.answered == len(PERSONS)
    assert replies.keys() == set(PERSONS)
    questions = []
    for ssin in PERSONS:
        questions.append(exchange_pb2.ConsultStreamRequest(consultation=asked(one, ssin)))
        questions[-1].consultation.reference = ssin
    streamed = {a.reference: a.consultation async for a in exchange.ConsultStream(iter(questions))}
    for ssin in PERSONS:
        alone = await exchange.Consult(asked(one, ssin))
        assert said(alone) == said(replies[ssin]) == said(streamed[ssin])
        assert len({alone.ticket, replies[ssin].ticket, streamed[ssin].ticket}) == 3
