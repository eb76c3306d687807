"""A dead holder holds up nobody else, is answered for at once after a while, and comes back."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from crossroads.router.v1 import exchange_pb2

from sandbox.story import integration, programme
from sandbox.story.consultations import CENTRE, by_the_centre, question
from sandbox.story.stage import Stage
from services.router.circuit import FAILURES
from tests.resilience.conftest import Processes

HOUSEHOLD = question("household_composition", integration.ENQUIRY, "living_wage_enquiry")
CONSULTED = 5
"""The step of the story after which the NSSO's side has answered on Lina."""
LONGER_THAN_ITS_TRIES_S = 20.0


async def test_a_dead_holder_holds_up_nobody_and_comes_back(
    stage: Stage, processes: Processes
) -> None:
    async with aclosing(programme.play(stage)) as story:  # type: ignore[type-var]
        async for account in story:
            if account.number == CONSULTED:
                break
    exchange = stage.exchange(CENTRE)

    async def status(request: exchange_pb2.ConsultRequest) -> int:
        (answer,) = (await exchange.Consult(request, timeout=LONGER_THAN_ITS_TRIES_S)).answers
        return answer.status

    processes.freeze("declarations")
    try:
        held_up = asyncio.create_task(status(by_the_centre()))
        assert await status(HOUSEHOLD) == exchange_pb2.ANSWER_STATUS_OK
        assert not held_up.done()
        statuses = [await held_up] + [await status(by_the_centre()) for _ in range(FAILURES - 1)]
        assert set(statuses) == {exchange_pb2.ANSWER_STATUS_LATE}
        while await status(by_the_centre()) == exchange_pb2.ANSWER_STATUS_LATE:
            pass  # a probe, where this test was slower than the circuit
        assert await status(HOUSEHOLD) == exchange_pb2.ANSWER_STATUS_OK
    finally:
        processes.thaw("declarations")

    async def answers() -> bool:
        return await status(by_the_centre()) == exchange_pb2.ANSWER_STATUS_OK

    assert await stage.until(answers, "the holder does not come back")
