"""A quarter over the whole mesh: declared in XML, answered, corrected, and asked about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from crossroads.repertory.v1 import repertory_pb2
from crossroads.types.v1 import types_pb2
from lxml import etree

from mesh import clock
from sandbox import cast, quarterly
from sandbox.story.stage import Stage
from tests.gateway import reference

BREWERY = f"employer/{cast.BREWERY}"
REGISTER = "institution/0/0"
QUARTER = "20262"
MANY = 40


@pytest.fixture
async def stage(mesh_up: dict[str, Any]) -> Any:
    stage = Stage(Path(mesh_up["state"]) / "endpoints.json")
    await stage.repertory(REGISTER).Register(
        repertory_pb2.RegisterRequest(
            request_id=stage.request_id("quarter"),
            inscriptions=[
                repertory_pb2.Inscription(
                    ssin=ssin,
                    institution=types_pb2.Institution(sector=0, number=0),
                    quality=0,
                    period=types_pb2.Period(begin="2000-01-01"),
                )
                for ssin in quarterly.ssins(MANY)
            ],
        )
    )
    yield stage
    await stage.close()


async def fetch(stage: Stage, client: httpx.AsyncClient, address: str) -> etree._Element:
    async def look() -> bytes:
        answer = await client.get(address)
        return answer.content if answer.status_code == 200 else b""

    return etree.fromstring(await stage.until(look, f"{address} is not answered"))


async def test_a_quarter_in_xml_is_answered_by_documents(stage: Stage) -> None:
    payees = list(quarterly.workers(MANY))
    body = b"".join(quarterly.document(clock.now(), QUARTER, cast.BREWERY_NSSO, payees))
    async with stage.https(BREWERY) as client:
        receipt = await client.post("/nsso/dmfa", content=body)
        assert receipt.status_code == 202, receipt.text
        again = await client.post("/nsso/dmfa", content=body)
        assert again.headers["location"] == receipt.headers["location"]
        folder = receipt.headers["location"].removesuffix("/notification")
        notification = await fetch(stage, client, f"{folder}/notification")
        assert notification.findtext(".//ResultCode") == "1"
        identifiers = await fetch(stage, client, f"{folder}/identifiers")
        notice = await fetch(stage, client, f"{folder}/notice")
        stranger = await client.get(f"/nsso/dmfa/{'A' * 15}/identifiers")
    assert [one.text for one in identifiers.iter("INSS")] == [payee.ssin for payee in payees]
    assert len(list(notice.iter("NaturalPersonUpdateNotif"))) == MANY
    assert stranger.status_code == 404
    if reference.FOLDER.exists():
        for name, document in (
            ("NOTIFICATION_20223", notification),
            ("DmfAPID_20224", identifiers),
            ("DmfAUpdateNotification_20223", notice),
        ):
            reference.schema(f"nsso/schemas/{name}.xsd").assertValid(document)
