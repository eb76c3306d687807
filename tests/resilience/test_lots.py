"""A lot outlives the sudden death of the router."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from datetime import timedelta

from crossroads.router.v1 import exchange_pb2
from crossroads.types.v1 import types_pb2

from mesh import clock
from mesh.identification import ssin_is_valid
from sandbox.story.stage import Stage
from tests.resilience.conftest import Processes

PERSONS = 3_000
CENTRE = "institution/17/1"


def ssins() -> list[str]:
    """Numbers of persons whom nobody knows."""
    nine = (
        f"{day:02}{serial:03}" for day, serial in itertools.product(range(1, 29), range(1, 400))
    )
    whole = ("8503" + each for each in nine)
    numbers = (f"{number}{97 - int(number) % 97:02}" for number in whole)
    return list(itertools.islice(filter(ssin_is_valid, numbers), PERSONS))


def parts(request_id: str) -> Iterator[exchange_pb2.SubmitLotRequest]:
    today = clock.today()
    question = exchange_pb2.LotQuestion(
        data_sorts=["household_composition"],
        quality=1,
        purpose="living_wage_enquiry",
        period=types_pb2.Period(begin=str(today), end=str(today + timedelta(days=1))),
    )
    yield exchange_pb2.SubmitLotRequest(
        opening=exchange_pb2.LotOpening(request_id=request_id, question=question)
    )
    named = ssins()
    for begin in range(0, len(named), 1000):
        yield exchange_pb2.SubmitLotRequest(
            persons=exchange_pb2.LotPersons(ssins=named[begin : begin + 1000])
        )


async def test_a_lot_whose_router_is_killed_twice_has_one_reply_for_each_person(
    stage: Stage, processes: Processes
) -> None:
    exchange, request_id = stage.exchange(CENTRE), stage.request_id("lot")
    taken = await stage.persist(lambda: exchange.SubmitLot(parts(request_id)))
    ask = exchange_pb2.GetLotRequest(ticket=taken.lot.ticket)

    async def lot() -> exchange_pb2.Lot:
        return (await stage.persist(lambda: exchange.GetLot(ask))).lot

    for share in (0.1, 0.5):
        while (now := await lot()).answered < share * PERSONS:
            await asyncio.sleep(0.02)
        assert now.state == exchange_pb2.LOT_STATE_RUNNING
        processes.kill("router")
    while (now := await lot()).state == exchange_pb2.LOT_STATE_RUNNING:
        await asyncio.sleep(0.05)
    assert (now.state, now.answered) == (exchange_pb2.LOT_STATE_DONE, PERSONS)
    again = await stage.persist(lambda: exchange.SubmitLot(parts(request_id)))
    assert again.lot.ticket == taken.lot.ticket
    replied, page = [], exchange_pb2.ListLotRepliesRequest(ticket=taken.lot.ticket, page_size=200)
    while True:
        found = await stage.persist(lambda: exchange.ListLotReplies(page))
        replied += [reply.ssin for reply in found.replies]
        if not found.next_page_token:
            break
        page.page_token = found.next_page_token
    assert sorted(replied) == sorted(ssins())
