"""The policy on both time axes, changed at run time, and with as many institutions as there are."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import pytest
from crossroads.repertory.v1 import repertory_pb2, repertory_pb2_grpc
from crossroads.types.v1 import types_pb2
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from mesh import clock, refusals
from services.repertory import catalogue, policy_recording
from services.repertory.policy_items import Kind
from services.repertory.policy_store import PolicyStore

OURS = catalogue.read()
OPERATOR = "operator/sandbox"
CENTRE = types_pb2.Institution(sector=17, number=1)
DEFAULT_MESSAGE_BYTES = 4 << 20
"""What gRPC takes where nobody asked for more."""
Stub = Callable[[str], repertory_pb2_grpc.RepertoryStub]


async def reason(call: Awaitable[object]) -> tuple[grpc.StatusCode, str, str]:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call
    refused = refusals.of_error(raised.value)
    return refused.code, refused.reason, str(raised.value.trailing_metadata())


async def centre(stub: Stub, **as_of: Any) -> repertory_pb2.InstitutionRecord:
    request = repertory_pb2.GetInstitutionRequest(institution=CENTRE, **as_of)
    return (await stub("institution/11/1").GetInstitution(request)).institution


def member(number: int) -> repertory_pb2.InstitutionRecord:
    return repertory_pb2.InstitutionRecord(
        institution=types_pb2.Institution(sector=17, number=number),
        name=f"OCMW / CPAS {number}",
        name_nl=f"Openbaar centrum voor maatschappelijk welzijn {number}",
        name_fr=f"Centre public d'action sociale {number}",
        identities=[f"institution/17/{number}"],
        level=repertory_pb2.LEVEL_SECONDARY,
        managing_institution=types_pb2.Institution(sector=17),
        supplier_address=f"centre-{number}.example:8443",
        supplier_name=f"17-{number}.institution",
        period=types_pb2.Period(begin="2025-01-01"),
    )


async def test_the_policy_is_told_as_of_a_revision_or_a_moment(stub: Stub) -> None:
    before = clock.rfc3339(clock.now())
    record = await centre(stub)
    record.name, was = "Another name", record.name
    put = await stub(OPERATOR).PutInstitution(
        repertory_pb2.PutInstitutionRequest(institution=record)
    )
    assert (await centre(stub)).name == "Another name"
    assert (await centre(stub, revision=put.revision - 1)).name == was
    assert (await centre(stub, known_at=before)).name == was
    assert (await centre(stub, known_at=clock.rfc3339(clock.now()))).name == "Another name"
    for as_of in ({"revision": 1}, {"known_at": before}):
        listed = await stub(OPERATOR).ListInstitutions(
            repertory_pb2.ListInstitutionsRequest(page_size=1000, **as_of)
        )
        assert was in {one.name for one in listed.institutions}


async def test_what_is_not_or_not_yet_the_policy_is_refused(stub: Stub) -> None:
    ask = stub(OPERATOR).GetInstitution
    stranger = types_pb2.Institution(sector=98, number=1)
    request = repertory_pb2.GetInstitutionRequest(institution=stranger)
    assert (await reason(ask(request)))[:2] == (
        grpc.StatusCode.NOT_FOUND,
        "UNKNOWN_INSTITUTION",
    )
    long_ago = repertory_pb2.GetInstitutionRequest(
        institution=CENTRE, known_at="2001-01-01T00:00:00Z"
    )
    assert (await reason(ask(long_ago)))[1] == "UNKNOWN_INSTITUTION"
    for as_of in (
        {"revision": 99},
        {"revision": 1, "known_at": clock.rfc3339(clock.now())},
        {"known_at": "2999-01-01T00:00:00Z"},
    ):
        wrong = repertory_pb2.GetInstitutionRequest(institution=CENTRE, **as_of)
        assert (await reason(ask(wrong)))[1] == "MALFORMED_REQUEST"


async def test_lists_tell_what_is_in_force_on_a_day(stub: Stub) -> None:
    async def found(on: str) -> tuple[set[int], set[str]]:
        institutions = await stub(OPERATOR).ListInstitutions(
            repertory_pb2.ListInstitutionsRequest(page_size=1000, on=on)
        )
        deliberations = await stub(OPERATOR).ListDeliberations(
            repertory_pb2.ListDeliberationsRequest(page_size=1000, on=on)
        )
        return (
            {one.institution.sector for one in institutions.institutions},
            {one.number for one in deliberations.deliberations},
        )

    sectors, numbers = await found("2016-12-31")
    assert 13 in sectors
    assert numbers == set()
    sectors, numbers = await found("2019-12-31")
    assert 13 not in sectors
    assert {"17/090", "18/002"} <= numbers
    assert "20/058" not in numbers
    assert "17/090" not in (await found("2020-03-03"))[1]


async def test_a_new_holder_is_put_at_run_time(stub: Stub, policies: PolicyStore) -> None:
    new = repertory_pb2.Availability(
        data_sort="garden_allowance",
        attestation="crossroads.attestations.v1.HeatingAllowance",
        holder=CENTRE,
        qualities=[40],
    )
    request = repertory_pb2.PutAvailabilityRequest(availability=new)
    put = await stub(OPERATOR).PutAvailability(request)
    assert (await stub(OPERATOR).PutAvailability(request)).revision == put.revision == 2
    held = (await policies.policy()).availabilities
    assert "garden_allowance" in {one.data_sort for one in held}
    assert "garden_allowance" not in {
        one.data_sort for one in (await policies.policy(1)).availabilities
    }
    request.availability.attestation = "crossroads.attestations.v1.Garden"
    refused = await reason(stub(OPERATOR).PutAvailability(request))
    assert refused[1] == "POLICY_INCOHERENT"
    assert "there is no attestation" in refused[2]
    assert (await reason(stub("institution/17/1").PutAvailability(request)))[1] == "NO_ACCESS"


async def test_retention_must_be_stated(stub: Stub) -> None:
    listed = await stub(OPERATOR).ListDeliberations(repertory_pb2.ListDeliberationsRequest())
    wrong = listed.deliberations[1]
    assert wrong.authorizations[0].retention_days > 0
    wrong.authorizations[0].retention_days = 0
    refused = await reason(
        stub(OPERATOR).PutDeliberation(repertory_pb2.PutDeliberationRequest(deliberation=wrong))
    )
    assert refused[1] == "POLICY_INCOHERENT"
    assert "may be kept is not stated" in refused[2]


async def test_three_thousand_institutions_join_by_data_alone(
    stub: Stub, engine: AsyncEngine
) -> None:
    numbers = range(2001, 5001)
    for begin in range(0, len(numbers), 1000):
        put = await stub(OPERATOR).BatchPutInstitutions(
            repertory_pb2.BatchPutInstitutionsRequest(
                institutions=map(member, numbers[begin : begin + 1000])
            )
        )
    assert put.revision == 4
    last = await stub("institution/17/5000").Register(
        repertory_pb2.RegisterRequest(
            request_id="request-1",
            inscriptions=[
                repertory_pb2.Inscription(
                    ssin="91041241894",
                    institution=types_pb2.Institution(sector=17, number=5000),
                    quality=2,
                    period=types_pb2.Period(begin="2026-01-01"),
                )
            ],
        )
    )
    assert last.ticket
    seen, token = 0, ""
    while True:
        page = await stub(OPERATOR).ListInstitutions(
            repertory_pb2.ListInstitutionsRequest(page_size=1000, page_token=token)
        )
        seen, token = seen + len(page.institutions), page.next_page_token
        if not token:
            break
    assert seen == len(OURS.policy.institutions) + len(numbers)
    async for policy in stub("service/router").WatchPolicy(
        repertory_pb2.WatchPolicyRequest(after_revision=put.revision - 1)
    ):
        assert len(policy.institutions) == seen
        assert policy.ByteSize() < DEFAULT_MESSAGE_BYTES
        break
    async with engine.begin() as connection:
        await connection.execute(text("ANALYZE policy_items"))
        plan = await connection.execute(
            text(
                "EXPLAIN SELECT document FROM policy_items "
                "WHERE kind = 'institution' AND until_revision IS NULL "
                "AND (key = ANY('{17/1}') OR document->'identities' ? 'institution/17/5000')"
            )
        )
        assert "policy_identities" in str(plan.all())


async def test_a_batch_is_all_or_nothing(stub: Stub, policies: PolicyStore) -> None:
    alone = member(1002)
    alone.ClearField("managing_institution")
    for batch, expected in (
        ([member(1001), member(1001)], "MALFORMED_REQUEST"),
        ([member(1001), alone], "POLICY_INCOHERENT"),
    ):
        request = repertory_pb2.BatchPutInstitutionsRequest(institutions=batch)
        assert (await reason(stub(OPERATOR).BatchPutInstitutions(request)))[1] == expected
    assert (await policies.policy()).revision == 1


async def test_the_revision_at_a_moment_waits_for_the_change_under_way(
    stub: Stub, policies: PolicyStore
) -> None:
    """Else the answer for a moment would change once that change is there."""
    async with policies.changing() as standing:
        fewer = [one for one in standing.items if one.kind is not Kind.DELIBERATION]
        revision, _ = await policy_recording.record(
            policies, standing, fewer, OPERATOR, (OPERATOR,)
        )
        asked = asyncio.create_task(policies.revision_at(clock.now()))
        newest = await policies.policy()
        assert not asked.done()
    assert newest.revision == revision - 1
    assert await asked == revision
    assert (await policies.policy(revision - 1)).deliberations == newest.deliberations
