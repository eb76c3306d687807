"""A social risk over the whole mesh: in XML and on paper, told to who is concerned, taken back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from crossroads.attestations.v1 import risks_pb2
from crossroads.declarations.v1 import risks_pb2 as served
from crossroads.declarations.v1 import risks_pb2_grpc
from crossroads.forms.v1 import incapacity_pb2
from crossroads.router.v1 import mailbox_pb2
from lxml import etree

from console.state import State
from gateway import codec
from mesh import clock
from mesh.periods import Period
from sandbox import cast
from sandbox.story import integration
from sandbox.story.stage import Stage
from tests.services.declarations.risks.forms import incapacity

BREWERY, FUND = f"employer/{cast.BREWERY}", "institution/11/1"


@pytest.fixture
async def stage(mesh_up: dict[str, Any]) -> AsyncIterator[Stage]:
    """A stage on which the health fund knows Lina."""
    stage = Stage(State(Path(mesh_up["state"])).endpoints)
    insured = Period(date(clock.today().year, 1, 1), date.max)
    await integration.register(stage, "11/1", integration.INSURED, insured)
    yield stage
    await stage.close()


def document(kind: str) -> bytes:
    """An incapacity that began today."""
    form = incapacity(clock.today().isoformat(), kind=kind).zima001
    for declaration in form.employer_declarations:
        today = clock.today()
        declaration.quarter = f"{today.year}{(today.month + 2) // 3}"
    return codec.write(incapacity_pb2.Zima001(schema_location="ZIMA001_20231.xsd", forms=[form]))


async def send(stage: Stage, identity: str, body: bytes, **headers: str) -> str:
    """The number of the risk, once its notification says that it is accepted."""
    async with stage.https(identity) as client:
        answer = await client.post("/nsso/risks", content=body, headers=headers)
        assert answer.status_code == 202, answer.text
        place = answer.headers["location"]
        assert await accepted(stage, client, place)
    return str(place.rpartition("/")[2])


async def accepted(stage: Stage, client: httpx.AsyncClient, place: str) -> bool:
    async def look() -> bytes:
        answer = await client.get(place)
        return answer.content if answer.status_code == 200 else b""

    told = etree.fromstring(await stage.until(look, "no notification came"))
    assert [e.text for e in told.iter("ErrorID")] == []
    return told.findtext(".//ResultCode") == "1"


async def states(stage: Stage, number: str, institution: str) -> list[str]:
    """What an institution was told of a risk, in order."""
    found = await stage.mailbox(institution).ListDeliveries(
        mailbox_pb2.ListDeliveriesRequest(page_size=1000)
    )
    told = []
    for delivery in found.deliveries:
        risk = risks_pb2.SocialRisk()
        if delivery.mutation.attestation.Unpack(risk) and risk.number == number:
            told.append(risk.state)
    return told


async def test_a_risk_in_xml_reaches_the_fund_that_knows_her_and_is_taken_back(
    stage: Stage,
) -> None:
    number = await send(stage, BREWERY, document("001"))

    async def told() -> list[str]:
        return await states(stage, number, FUND)

    assert await stage.until(told, "the fund was not told") == ["INTRODUCED"]
    async with stage.https(BREWERY) as client:
        answer = await client.get(f"/nsso/risks/{number}/notice")
        assert answer.status_code == 404
        answer = await client.post(f"/nsso/risks/{number}/cancellation")
        assert answer.status_code == 202
        assert await accepted(stage, client, answer.headers["location"])

    async def twice() -> bool:
        return len(await states(stage, number, FUND)) == 2

    await stage.until(twice, "the fund was not told that it was taken back")
    assert await states(stage, number, FUND) == ["INTRODUCED", "CANCELLED"]
    assert await states(stage, number, "institution/18/1") == []


async def test_paper_is_told_as_such_and_stands_in_the_career(stage: Stage) -> None:
    digest = {"image-digest": "ab" * 32, "received-on": clock.today().isoformat()}
    number = await send(stage, FUND, document("002"), **digest)
    lina = risks_pb2_grpc.RisksStub(stage.channel("citizen/lina", "declarations"))
    career = (await lina.ListCareer(served.ListCareerRequest())).career
    assert (number, "FALLS_ILL") in [(e.reference, e.kind) for e in career.events]
    listed = await lina.ListRisks(served.ListRisksRequest())
    assert number in [r.attestation.number for r in listed.risks if r.attestation.on_paper]
    async with stage.https("institution/18/1") as client:
        answer = await client.post("/nsso/risks", content=document("003"), headers=digest)
    assert answer.status_code == 403
    assert "NOT_YOUR_BRANCH" in answer.text
