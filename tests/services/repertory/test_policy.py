"""The policy: its revisions, both its time axes, and those who follow it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import grpc
import pytest
from crossroads.repertory.v1 import repertory_pb2, repertory_pb2_grpc

from mesh import refusals
from mesh.institutions import Institution
from services.repertory import __main__ as process
from services.repertory import catalogue, policy_items
from services.repertory.policy_items import OPERATOR, Item, Kind
from services.repertory.policy_store import PolicyStore

OURS = catalogue.read()
OPERATOR_PATH = "operator/sandbox"
Stub = Callable[[str], repertory_pb2_grpc.RepertoryStub]


def test_the_documents_of_a_policy_make_the_same_policy() -> None:
    made = policy_items.policy(0, policy_items.of_policy(OURS.policy))
    assert set(made.institutions) == set(OURS.policy.institutions)
    assert set(made.availabilities) == set(OURS.policy.availabilities)
    assert set(made.deliberations) == set(OURS.policy.deliberations)


def test_a_new_catalogue_leaves_what_operators_put() -> None:
    centre = next(one for one in OURS.policy.institutions if one.institution == Institution(17, 1))
    put = policy_items.of_institution(
        replace(
            centre,
            name="an earlier name",
            supplier_address="there:1",
            supplier_name="there",
            revoked_certificates=("ab",),
        ),
        OPERATOR,
    )
    narrowed = replace(OURS.policy.deliberations[0], title="narrowed")
    standing = [
        put,
        policy_items.of_deliberation(narrowed, OPERATOR),
        policy_items.of_deliberation(replace(narrowed, number="99/1"), OPERATOR),
        policy_items.of_deliberation(replace(narrowed, number="99/2")),
    ]
    after = policy_items.policy(1, catalogue.joined(standing, OURS.policy))
    record = next(one for one in after.institutions if one.institution == centre.institution)
    assert record.name == centre.name
    assert (record.supplier_address, record.revoked_certificates) == ("there:1", ("ab",))
    titles = {one.number: one.title for one in after.deliberations}
    assert titles[narrowed.number] == titles["99/1"] == "narrowed"
    assert "99/2" not in titles
    assert len(after.institutions) == len(OURS.policy.institutions)


def test_a_catalogue_joined_twice_changes_nothing() -> None:
    once = catalogue.joined([], OURS.policy)
    assert policy_items.difference(once, catalogue.joined(once, OURS.policy)) == (
        policy_items.Difference((), ())
    )


async def test_the_catalogue_is_loaded_once_and_each_new_state_is_a_revision(
    policies: PolicyStore,
) -> None:
    first = await process.load(policies, OURS)
    again = await process.load(policies, OURS)
    fewer = replace(OURS.policy, deliberations=OURS.policy.deliberations[:-1])
    changed = await process.load(policies, replace(OURS, policy=fewer, digest="another"))
    assert (first, again, changed) == (1, 1, 2)
    assert len((await policies.policy()).deliberations) == len(fewer.deliberations)


async def test_a_catalogue_with_gaps_is_not_loaded(policies: PolicyStore) -> None:
    first, *others = OURS.policy.deliberations
    given = replace(first.authorizations[0], data_sorts=("dreams",))
    wrong = replace(OURS.policy, deliberations=(replace(first, authorizations=(given,)), *others))
    with pytest.raises(ValueError, match="nobody holds dreams"):
        await process.load(policies, replace(OURS, policy=wrong, digest="another"))
    assert (await policies.policy()).revision == 0


async def test_several_followers_hear_of_each_change(stub: Stub) -> None:
    streams = [
        stub(path).WatchPolicy(repertory_pb2.WatchPolicyRequest())
        for path in ("service/router", "service/router", "hub/intermut")
    ]
    heard = [aiter(stream) for stream in streams]
    first = await asyncio.gather(*(anext(one) for one in heard))
    assert {len(policy.institutions) for policy in first} == {len(OURS.policy.institutions)}
    record = first[0].institutions[0]
    record.supplier_address, record.supplier_name = "127.0.0.1:1", "0-0.institution"
    request = repertory_pb2.PutInstitutionRequest(institution=record)
    put = await stub(OPERATOR_PATH).PutInstitution(request)
    second = await asyncio.gather(*(anext(one) for one in heard))
    assert {policy.revision for policy in second} == {put.revision} == {first[0].revision + 1}
    assert {policy.institutions[0].supplier_address for policy in second} == {"127.0.0.1:1"}
    assert (await stub(OPERATOR_PATH).PutInstitution(request)).revision == put.revision
    for stream in streams:
        stream.cancel()


async def test_a_follower_who_has_the_revision_waits_for_a_later_one(stub: Stub) -> None:
    stream = stub("service/router").WatchPolicy(repertory_pb2.WatchPolicyRequest(after_revision=1))
    hears = asyncio.ensure_future(anext(aiter(stream)))
    listed = await stub(OPERATOR_PATH).ListDeliberations(repertory_pb2.ListDeliberationsRequest())
    changed = listed.deliberations[1]
    changed.authorizations[0].period.end = "2030-01-01"
    await stub(OPERATOR_PATH).PutDeliberation(
        repertory_pb2.PutDeliberationRequest(deliberation=changed)
    )
    policy = await hears
    assert policy.revision == 2
    assert policy.deliberations[1].authorizations[0].period.end == "2030-01-01"
    stream.cancel()


async def test_a_change_that_leaves_a_gap_is_refused(stub: Stub) -> None:
    listed = await stub(OPERATOR_PATH).ListDeliberations(repertory_pb2.ListDeliberationsRequest())
    wrong = listed.deliberations[0]
    wrong.authorizations[0].data_sorts.append("dreams")
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await stub(OPERATOR_PATH).PutDeliberation(
            repertory_pb2.PutDeliberationRequest(deliberation=wrong)
        )
    refused = refusals.of_error(raised.value)
    assert (refused.code, refused.reason) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "POLICY_INCOHERENT",
    )
    assert "nobody holds dreams" in str(raised.value.trailing_metadata())


async def test_the_policy_lists_come_in_pages(stub: Stub) -> None:
    operator, seen, token = stub(OPERATOR_PATH), [], ""
    while True:
        page = await operator.ListAvailabilities(
            repertory_pb2.ListAvailabilitiesRequest(page_size=5, page_token=token)
        )
        seen += [one.data_sort for one in page.availabilities]
        token = page.next_page_token
        if not token:
            break
    assert seen == sorted(one.data_sort for one in OURS.policy.availabilities)


def test_what_says_the_same_keeps_its_origin() -> None:
    item = Item(Kind.INSTITUTION, "17/1", {"name": "x"}, since=3)
    same = replace(item, origin=OPERATOR, since=0)
    assert policy_items.put([item], [same]) == [item]
