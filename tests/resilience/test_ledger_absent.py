"""Without the ledger no data leave the router."""

from __future__ import annotations

import grpc
import pytest
from crossroads.router.v1 import exchange_pb2

from mesh import refusals
from sandbox.story import integration
from sandbox.story.consultations import CENTRE, question
from sandbox.story.stage import Stage
from tests.resilience.conftest import Processes


def _household() -> exchange_pb2.ConsultRequest:
    return question("household_composition", integration.ENQUIRY, "living_wage_enquiry")


async def test_a_consultation_is_unavailable_until_it_can_be_written_down(
    stage: Stage, processes: Processes
) -> None:
    await integration.integrate(stage)
    exchange = stage.exchange(CENTRE)
    before = await exchange.Consult(_household())
    assert before.answers[0].attestations
    processes.freeze("ledger")
    try:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await exchange.Consult(_household(), timeout=8.0)
    finally:
        processes.thaw("ledger")
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    assert refusals.of_error(refused.value).reason == "LEDGER_UNAVAILABLE"
    after = await stage.persist(lambda: exchange.Consult(_household()))
    assert after.answers[0].attestations == before.answers[0].attestations


async def test_a_refusal_is_not_told_either(stage: Stage, processes: Processes) -> None:
    processes.freeze("ledger")
    try:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stage.exchange(CENTRE).Consult(
                question("income", integration.ENQUIRY, "living_wage_enquiry"), timeout=8.0
            )
    finally:
        processes.thaw("ledger")
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
