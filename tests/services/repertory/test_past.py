"""The repertory as it was: the policy of every revision, the persons at every position."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import pytest
from crossroads.ledger.v1 import ledger_pb2
from crossroads.repertory.v1 import repertory_pb2
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from mesh import refusals
from services.repertory.witness_servicer import WitnessServicer
from services.repertory.witness_store import WitnessStore
from tests.services.repertory.conftest import Line, Stub

LINA, NOOR = "91041241894", "85073003328"
CENTRE, OPERATOR, AUDITOR, ROUTER = (
    "institution/17/1",
    "operator/sandbox",
    "auditor/privacy",
    "service/router",
)


async def refusal(asked: Awaitable[Any]) -> tuple[str, str]:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await asked
    found = refusals.of_error(caught.value)
    return found.code.name, found.reason


async def known(stub: Stub, position: str = "") -> tuple[str, list[Any]]:
    asker = stub(AUDITOR if position else ROUTER)
    request = repertory_pb2.BatchLookupRequest(ssins=[LINA, NOOR], position=position)
    found = await asker.BatchLookup(request)
    lines = [
        sorted(
            (one.SerializeToString(deterministic=True) for one in person.inscriptions),
        )
        for person in found.persons
    ]
    return found.position, lines


@pytest.mark.parametrize("seed", range(4))
async def test_every_position_answers_for_ever_what_it_answered_then(
    stub: Stub, line: Line, seed: int
) -> None:
    chance = random.Random(seed)
    then = [await known(stub)]
    for number in range(12):
        first, length = chance.randint(1, 20), chance.randint(1, 8)
        about = line(
            f"2026-03-{first:02}", f"2026-03-{first + length:02}", ssin=chance.choice([LINA, NOOR])
        )
        centre, request_id = stub(CENTRE), f"request-{number}"
        if chance.random() < 0.6:
            asked = repertory_pb2.RegisterRequest(request_id=request_id, inscriptions=[about])
            await centre.Register(asked)
        else:
            cut = repertory_pb2.EndRequest(request_id=request_id, inscription=about)
            with contextlib.suppress(grpc.aio.AioRpcError):  # it may meet no line
                await centre.End(cut)
        then.append(await known(stub))
    for position, lines in then:
        assert await known(stub, position) == (position, lines)


async def test_a_replacement_is_not_known_before_it_was_made(stub: Stub, line: Line) -> None:
    registered = await stub(CENTRE).Register(
        repertory_pb2.RegisterRequest(request_id="register-1", inscriptions=[line(ssin=NOOR)])
    )
    await stub(OPERATOR).ReplacePerson(
        repertory_pb2.ReplacePersonRequest(request_id="replace-1", old_ssin=NOOR, new_ssin=LINA)
    )
    request = repertory_pb2.BatchLookupRequest(ssins=[NOOR], position=registered.freshness)
    (before,) = (await stub(AUDITOR).BatchLookup(request)).persons
    assert (before.replaced_by, len(before.inscriptions)) == ("", 1)
    request.position = ""
    (now,) = (await stub(AUDITOR).BatchLookup(request)).persons
    assert (now.replaced_by, len(now.inscriptions)) == (LINA, 1)


async def test_every_revision_is_kept(stub: Stub) -> None:
    operator = stub(OPERATOR)
    first = await operator.GetPolicy(repertory_pb2.GetPolicyRequest())
    changed = repertory_pb2.InstitutionRecord()
    changed.CopyFrom(first.institutions[0])
    changed.name = "Another name"
    put = await operator.PutInstitution(repertory_pb2.PutInstitutionRequest(institution=changed))
    second = await stub(AUDITOR).GetPolicy(repertory_pb2.GetPolicyRequest(revision=put.revision))
    assert second.institutions[0].name == "Another name"
    assert await operator.GetPolicy(repertory_pb2.GetPolicyRequest(revision=1)) == first
    assert await operator.GetPolicy(repertory_pb2.GetPolicyRequest()) == second


async def test_what_never_was_is_refused(stub: Stub) -> None:
    auditor = stub(AUDITOR)
    unknown = auditor.GetPolicy(repertory_pb2.GetPolicyRequest(revision=99))
    assert await refusal(unknown) == ("NOT_FOUND", "UNKNOWN_REVISION")
    beyond = repertory_pb2.BatchLookupRequest(ssins=[LINA], position="99")
    assert await refusal(auditor.BatchLookup(beyond)) == ("OUT_OF_RANGE", "UNKNOWN_POSITION")
    beyond.known_at = "2026-01-01T00:00:00Z"
    assert (await refusal(auditor.BatchLookup(beyond)))[1] == "MALFORMED_REQUEST"
    closed = stub(CENTRE).GetPolicy(repertory_pb2.GetPolicyRequest())
    assert await refusal(closed) == ("PERMISSION_DENIED", "NO_ACCESS")


async def policy_entries(engine: AsyncEngine) -> list[ledger_pb2.Entry]:
    async with engine.connect() as connection:
        rows = await connection.execute(text("SELECT payload FROM outbox ORDER BY position"))
        return [
            entry
            for row in rows
            for entry in ledger_pb2.AppendRequest.FromString(row.payload).entries
            if entry.kind == ledger_pb2.ENTRY_KIND_POLICY
        ]


async def test_a_change_in_the_policy_is_told_the_ledger(stub: Stub, engine: AsyncEngine) -> None:
    loaded = await policy_entries(engine)
    assert {entry.caller for entry in loaded} == {"service/repertory"}
    records = [repertory_pb2.PolicyRecord.FromString(entry.content) for entry in loaded]
    policy = await stub(AUDITOR).GetPolicy(repertory_pb2.GetPolicyRequest())
    for part in ("institutions", "availabilities", "deliberations"):
        told = sum(len(getattr(record, part)) for record in records)
        assert told == len(getattr(policy, part)) > 0
    record = policy.institutions[0]
    record.name = "Another name"
    request = repertory_pb2.PutInstitutionRequest(institution=record)
    put = await stub(OPERATOR).PutInstitution(request)
    (entry,) = (await policy_entries(engine))[len(loaded) :]
    assert (entry.ticket, entry.caller, entry.ssin) == (put.ticket, OPERATOR, "")
    (changed,) = repertory_pb2.PolicyRecord.FromString(entry.content).institutions
    assert changed.name == "Another name"
    again = await stub(OPERATOR).PutInstitution(request)
    assert (again.revision, again.ticket) == (put.revision, "")
    assert len(await policy_entries(engine)) == len(loaded) + 1


async def test_a_witness_demands_what_was_told_and_nothing_that_still_waits(
    stub: Stub, line: Line, engine: AsyncEngine, told: Callable[[], Awaitable[Any]]
) -> None:
    await stub(CENTRE).Register(
        repertory_pb2.RegisterRequest(request_id="register-1", inscriptions=[line()])
    )
    witness = WitnessServicer(WitnessStore(engine))
    (entry,) = await told()
    assert all(one.open for one in await witnessed(witness))
    async with engine.begin() as connection:
        await connection.execute(text("DELETE FROM outbox"))
    demanded = {one.entry_id: one for one in await witnessed(witness)}
    assert not any(one.open for one in demanded.values())
    assert len(demanded[entry.entry_id].digest) == 32


async def witnessed(witness: WitnessServicer) -> list[ledger_pb2.Written]:
    pages = witness.ListWritten(ledger_pb2.ListWrittenRequest(), None)
    return [one async for page in pages for one in page.written]
