"""One question, every way to ask it: all decide as the pure function does, and give the same.

The questions are every one of some institutions, over the real catalogue: each purpose that a
deliberation gives them and one that none does, each quality, periods on either side of a
boundary, about persons in different situations.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from itertools import product

import pytest
from crossroads.router.v1 import decision_pb2, exchange_pb2

from mesh import clock, periods
from mesh.institutions import Institution
from services.router import decision, wire
from tests.consistency.conftest import ASKED_ABOUT, World

Question = exchange_pb2.ConsultRequest
Answer = exchange_pb2.ConsultResponse
ASKERS = (Institution(17, 1), Institution(10, 1), Institution(39, 0))
MOST_SORTS = 20
AT_ONCE = 32
LOT = 50


def questions(asker: Institution, world: World) -> list[Question]:
    """Every one, each with a reference of its own."""
    own = {a for sort in world.policy.availabilities for a in world.policy.granted(asker, sort)}
    purposes = sorted({a.purpose for a in own} | {"never_stated"})
    qualities = sorted({q for a in own for q in a.qualities} | {0})
    found = list[Question]()
    for purpose, quality, period in product(purposes, qualities, ASKED_ABOUT):
        sorts = sorted({s for a in own if a.purpose == purpose for s in a.data_sorts})
        for ssin in world.persons:
            found.append(
                Question(
                    ssin=ssin,
                    data_sorts=[*sorts[: MOST_SORTS - 2], "nationality", "never_heard_of"],
                    quality=quality,
                    purpose=purpose,
                    period=periods.to_wire(period),
                    reference=str(len(found)),
                )
            )
    return found


def pure(asker: Institution, asked: Question, world: World) -> list[bytes]:
    question = wire.question(asked, asker, periods.from_wire(asked.period))
    decided = decision.decide(question, world.policy, world.persons[asked.ssin], clock.today())
    return parts(wire.decision(decided))


def parts(decided: decision_pb2.Decision) -> list[bytes]:
    """What was decided, without the positions that were read."""
    return [part.SerializeToString(deterministic=True) for part in decided.data_sorts]


def said(answer: Answer) -> tuple[list[bytes], list[bytes]]:
    given = [part.SerializeToString(deterministic=True) for part in answer.answers]
    return parts(answer.decision), given


@pytest.mark.parametrize("asker", ASKERS, ids=str)
async def test_every_way_decides_as_the_pure_function_and_gives_the_same(
    asker: Institution, world: World
) -> None:
    asked = questions(asker, world)
    alone, batch, stream, lots, explained = [
        await way(asker, asked, world) for way in (consult, in_batch, in_stream, in_lots, explain)
    ]
    verdicts = Counter[int]()
    for one, a, b, c, d, e in zip(asked, alone, batch, stream, lots, explained, strict=True):
        assert said(a) == said(b) == said(c) == said(d), one
        assert parts(a.decision) == parts(e.decision) == pure(asker, one, world), one
        assert len({a.ticket, b.ticket, c.ticket, d.ticket, e.ticket}) == 5
        permitted = {
            part.data_sort: len(part.holders)
            for part in e.decision.data_sorts
            if part.verdict == decision_pb2.VERDICT_PERMITTED
        }
        assert Counter(part.data_sort for part in a.answers) == permitted
        verdicts.update(part.reason for part in e.decision.data_sorts)
    assert len(verdicts) >= (2 if asker == Institution(39, 0) else 4)


async def consult(asker: Institution, asked: Sequence[Question], world: World) -> list[Answer]:
    exchange, room = world.bank.exchange(f"institution/{asker}"), asyncio.Semaphore(AT_ONCE)

    async def ask(one: Question) -> Answer:
        async with room:
            answer: Answer = await exchange.Consult(one)
            return answer

    return list(await asyncio.gather(*map(ask, asked)))


async def explain(
    asker: Institution, asked: Sequence[Question], world: World
) -> list[exchange_pb2.ExplainResponse]:
    exchange, room = world.bank.exchange(f"institution/{asker}"), asyncio.Semaphore(AT_ONCE)

    async def ask(one: Question) -> exchange_pb2.ExplainResponse:
        async with room:
            request = exchange_pb2.ExplainRequest(consultation=one)
            answer: exchange_pb2.ExplainResponse = await exchange.Explain(request)
            return answer

    return list(await asyncio.gather(*map(ask, asked)))


async def in_batch(asker: Institution, asked: Sequence[Question], world: World) -> list[Answer]:
    exchange = world.bank.exchange(f"institution/{asker}")
    found = list[Answer]()
    for start in range(0, len(asked), LOT):
        request = exchange_pb2.BatchConsultRequest(consultations=asked[start : start + LOT])
        found += (await exchange.BatchConsult(request)).consultations
    return found


async def in_stream(asker: Institution, asked: Sequence[Question], world: World) -> list[Answer]:
    exchange = world.bank.exchange(f"institution/{asker}")
    requests = (exchange_pb2.ConsultStreamRequest(consultation=one) for one in asked)
    answers = {a.reference: a.consultation async for a in exchange.ConsultStream(requests)}
    return [answers[one.reference] for one in asked]


async def in_lots(asker: Institution, asked: Sequence[Question], world: World) -> list[Answer]:
    """Those that differ in the person only are one lot."""
    exchange, found = world.bank.exchange(f"institution/{asker}"), list[Answer]()
    for start in range(0, len(asked), len(world.persons)):
        same = asked[start : start + len(world.persons)]
        meant = exchange_pb2.LotQuestion(
            data_sorts=same[0].data_sorts,
            quality=same[0].quality,
            purpose=same[0].purpose,
            period=same[0].period,
        )
        opening_of = exchange_pb2.LotOpening(request_id=f"lot-{asker}-{start}", question=meant)
        persons = exchange_pb2.LotPersons(ssins=[one.ssin for one in same])
        messages = [
            exchange_pb2.SubmitLotRequest(opening=opening_of),
            exchange_pb2.SubmitLotRequest(persons=persons),
        ]
        ticket = (await exchange.SubmitLot(iter(messages))).lot.ticket
        while await world.bank.lots.work():
            pass
        request = exchange_pb2.ListLotRepliesRequest(ticket=ticket)
        page = await exchange.ListLotReplies(request)
        replies = {reply.ssin: reply.consultation for reply in page.replies}
        found += [replies[one.ssin] for one in same]
    return found
