"""Without the ledger no data leave the router."""

from __future__ import annotations

import asyncio

import grpc
from crossroads.router.v1 import exchange_pb2

from mesh import refusals
from sandbox.story import integration
from sandbox.story.consultations import CENTRE, question
from sandbox.story.stage import Stage
from tests.resilience.conftest import Processes

LONGER_THAN_ITS_TRIES_S = 20.0
ALLOWED = question("household_composition", integration.ENQUIRY, "living_wage_enquiry")
REFUSED = question("income", integration.ENQUIRY, "living_wage_enquiry")


async def test_neither_data_nor_a_refusal_leave_until_they_can_be_written_down(
    stage: Stage, processes: Processes
) -> None:
    await integration.integrate(stage)
    exchange = stage.exchange(CENTRE)

    async def ask(
        request: exchange_pb2.ConsultRequest,
    ) -> exchange_pb2.ConsultResponse | BaseException:
        (answer,) = await asyncio.gather(
            exchange.Consult(request, timeout=LONGER_THAN_ITS_TRIES_S), return_exceptions=True
        )
        return answer

    before = await ask(ALLOWED)
    processes.freeze("ledger")
    try:
        withheld = await asyncio.gather(ask(ALLOWED), ask(REFUSED))
    finally:
        processes.thaw("ledger")
    for error in withheld:
        assert isinstance(error, grpc.aio.AioRpcError)
        assert error.code() is grpc.StatusCode.UNAVAILABLE
        assert refusals.of_error(error).reason == "LEDGER_UNAVAILABLE"
    after = await stage.persist(lambda: exchange.Consult(ALLOWED))
    assert isinstance(before, exchange_pb2.ConsultResponse)
    assert before.answers[0].attestations
    assert after.answers == before.answers
