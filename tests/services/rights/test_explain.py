"""Explain as it is asked: whole for an auditor, masked for the person, refused where it differs."""

from __future__ import annotations

from collections.abc import AsyncIterator

import grpc
import pytest
from crossroads.rights.v1 import rights_pb2
from sqlalchemy import text

from mesh import call, identity
from mesh.identity import Caller
from mesh.refusals import Refusal
from tests.services.rights import lawbooks, villages
from tests.services.rights.villages import LINA, NOOR, Bench, wage

TARIFF = "social_tariff_energy"
RULES = lawbooks.load(TARIFF)


@pytest.fixture
async def bench(database: str) -> AsyncIterator[Bench]:
    async with villages.opened(database, RULES) as made:
        await made.engine.take_in([wage(1)])
        yield made


async def asked(bench: Bench, who: identity.Identity, ssin: str) -> rights_pb2.ExplainResponse:
    (decision,) = await bench.decisions(ssin)
    token = call.CALLER.set(Caller(who))
    try:
        return await bench.rights.Explain(
            rights_pb2.ExplainRequest(decision_id=decision.decision_id), None
        )
    finally:
        call.CALLER.reset(token)


def sources(reason: rights_pb2.Reason) -> list[rights_pb2.FactSource]:
    own = [reason.source] if reason.HasField("source") else []
    return [*own, *(found for part in reason.because for found in sources(part))]


async def test_an_auditor_is_told_the_whole(bench: Bench) -> None:
    found = await asked(bench, identity.Identity("auditor", "privacy"), NOOR)
    (source,) = sources(found.reason)
    assert (source.ticket, source.institution.sector, source.member) == ("TICKET1", 17, "member 2")
    assert set(found.title) == set(found.about) == {"nl", "fr", "de", "en"}


async def test_a_citizen_is_told_her_own_part(bench: Bench) -> None:
    hers = await asked(bench, identity.Identity("citizen", "card", LINA), LINA)
    assert [source.member for source in sources(hers.reason)] == ["self"]
    others = await asked(bench, identity.Identity("citizen", "card", NOOR), NOOR)
    assert not sources(others.reason)
    assert "TICKET1" not in str(others.reason)
    assert "living" not in str(others.reason)


async def test_an_operator_is_told_nothing_of_other_members(bench: Bench) -> None:
    found = await asked(bench, identity.Identity("operator", "console"), NOOR)
    assert not sources(found.reason)


async def test_a_decision_that_comes_out_otherwise_is_not_explained(bench: Bench) -> None:
    async with bench.database.begin() as connection:
        await connection.execute(text("UPDATE statements SET status = 'RETIREMENT'"))
    with pytest.raises(Refusal) as refused:
        await asked(bench, identity.Identity("auditor", "privacy"), LINA)
    assert refused.value.code is grpc.StatusCode.FAILED_PRECONDITION
    assert (refused.value.reason, refused.value.metadata["what"]) == (
        "EXPLANATION_DIFFERS",
        "period",
    )
