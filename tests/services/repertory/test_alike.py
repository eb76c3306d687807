"""Persons answered together are answered as each by herself, now and as known before."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable

import grpc
import pytest
from crossroads.repertory.v1 import repertory_pb2, repertory_pb2_grpc
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.repertory.store import Store

Stub = Callable[[str], repertory_pb2_grpc.RepertoryStub]
Line = Callable[..., repertory_pb2.Inscription]
PERSONS = ("91041241894", "85073003328", "15092325643", "70010100102", "70010100201")
CENTRE, ROUTER, OPERATOR = "institution/17/1", "service/router", "operator/test"
AUDITOR = "auditor/test"


async def check(stub: Stub, position: str = "") -> str:
    """Compare; the position read."""
    asker = stub(AUDITOR if position else ROUTER)
    asked = repertory_pb2.BatchLookupRequest(ssins=PERSONS, position=position)
    alone = await asker.BatchLookup(asked)
    asked.together = True
    found = await asker.BatchLookup(asked)
    assert not found.persons
    assert found.position == alone.position
    by_person = {ssin: group.known for group in found.alike for ssin in group.ssins}
    assert sorted(by_person) == sorted(PERSONS)
    assert sum(len(group.ssins) for group in found.alike) == len(PERSONS)
    for person in alone.persons:
        assert written(by_person[person.ssin]) == written(person)
    kinds = [written(group.known) for group in found.alike]
    assert len({str(kind) for kind in kinds}) == len(kinds)
    return found.position


def written(person: repertory_pb2.PersonLookup) -> tuple[object, ...]:
    lines = sorted(one.SerializeToString(deterministic=True) for one in person.inscriptions)
    return lines, person.replaced_by, person.deceased_on, person.unknown


@pytest.mark.parametrize("seed", range(4))
async def test_together_is_as_each_by_herself(stub: Stub, line: Line, seed: int) -> None:
    chance = random.Random(seed)
    positions = [await check(stub)]
    for number in range(16):
        request_id = f"request-{number}"
        one, other = chance.sample(PERSONS, 2)
        day = f"2026-03-{chance.randint(1, 12):02}"
        about = line(day, chance.choice(["", "2026-03-20"]), ssin=one)
        what = chance.choice(["register", "register", "end", "replace", "decease"])
        with contextlib.suppress(grpc.aio.AioRpcError):  # what meets nothing changes nothing
            if what == "register":
                await stub(CENTRE).Register(
                    repertory_pb2.RegisterRequest(request_id=request_id, inscriptions=[about])
                )
            elif what == "end":
                await stub(CENTRE).End(
                    repertory_pb2.EndRequest(request_id=request_id, inscription=about)
                )
            elif what == "replace":
                await stub(OPERATOR).ReplacePerson(
                    repertory_pb2.ReplacePersonRequest(
                        request_id=request_id, old_ssin=one, new_ssin=other
                    )
                )
            else:
                await stub(OPERATOR).ReportDecease(
                    repertory_pb2.ReportDeceaseRequest(request_id=request_id, ssin=one, day=day)
                )
        positions.append(await check(stub))
    for position in positions:
        await check(stub, position)


async def test_many_alike_are_answered_once(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(
            text(
                """
                INSERT INTO inscriptions
                    (ssin, sector, number, quality, phase, begins, ends, recorded_from)
                SELECT lpad(person::text, 11, '0'), sector, 1, person % 2, 0, '0001-01-01',
                       '9999-12-31', now()
                FROM generate_series(1, 200) AS person, generate_series(1, 6) AS sector
                """
            )
        )
    asked = [f"{number:011}" for number in range(1, 202)]
    groups, _ = await Store(engine).lookup_alike(asked, None)
    assert sorted(len(group.ssins) for group in groups) == [1, 100, 100]
    assert [group.ssins for group in groups if group.unknown] == [["00000000201"]]
