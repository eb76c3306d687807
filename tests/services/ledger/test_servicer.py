"""The ledger over the wire, with real certificates: who may, and what they are told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from crossroads.ledger.v1 import ledger_pb2

from mesh import notes, refusals
from services.ledger import checkpoint, proof, tree, verifier
from services.ledger.store import Store

LINA, OTHER = "90010100167", "85073003328"
Make = Callable[..., ledger_pb2.Entry]


async def refusal(call: Awaitable[Any]) -> tuple[str, str]:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    found = refusals.of_error(caught.value)
    assert LINA not in str(caught.value)
    return found.code.name, found.reason


async def append(ledger: Any, *entries: ledger_pb2.Entry) -> list[int]:
    request = ledger_pb2.AppendRequest(entries=entries)
    answer = await ledger.stub("service/router").Append(request)
    return [leaf.index for leaf in answer.leaves]


async def test_concurrent_appends_share_transactions_and_get_their_own_leaves(
    ledger: Any, entry: Make, store: Store
) -> None:
    router = ledger.stub("service/router")
    answers = await asyncio.gather(
        *(router.Append(ledger_pb2.AppendRequest(entries=[entry(number)])) for number in range(200))
    )
    leaves = [answer.leaves[0] for answer in answers]
    assert [leaf.entry_id for leaf in leaves] == [entry(n).entry_id for n in range(200)]
    assert sorted(leaf.index for leaf in leaves) == list(range(200))
    assert (await store.head()).size == 200


async def test_the_same_entry_again_is_the_same_leaf_and_another_content_is_refused(
    ledger: Any, entry: Make
) -> None:
    assert await append(ledger, entry(1), entry(2)) == [0, 1]
    assert await append(ledger, entry(2), entry(3)) == [1, 2]
    reused = await refusal(append(ledger, entry(4), entry(2, reason="NOT_AUTHORISED")))
    assert reused == ("ALREADY_EXISTS", "ENTRY_ID_REUSED")
    assert await append(ledger, entry(5)) == [3]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("entry_id", ""),
        ("kind", ledger_pb2.ENTRY_KIND_UNSPECIFIED),
        ("kind", 77),
        ("ssin", "9001010016"),
        ("occurred_at", "yesterday"),
        ("occurred_at", "2026-11-24T08:00:00"),
    ],
)
async def test_a_malformed_entry_leaves_nothing(
    ledger: Any, entry: Make, store: Store, field: str, value: Any
) -> None:
    bad = entry(2)
    setattr(bad, field, value)
    refused = await refusal(append(ledger, entry(1), bad))
    assert refused == ("INVALID_ARGUMENT", "MALFORMED_REQUEST")
    assert (await store.head()).size == 0


async def test_only_services_append_and_a_caller_turned_away_is_an_entry(
    ledger: Any, entry: Make
) -> None:
    request = ledger_pb2.AppendRequest(entries=[entry(1)])
    for path in ("institution/17/1", "auditor/privacy", "operator/sandbox", "service/sandbox"):
        refused = await refusal(ledger.stub(path).Append(request))
        assert refused == ("PERMISSION_DENIED", "NO_ACCESS")
    look = ledger_pb2.ListAccessesRequest(ssin=LINA)
    refused = await refusal(ledger.stub("institution/17/1").ListAccesses(look))
    assert refused == ("PERMISSION_DENIED", "NO_ACCESS")
    seen, *before = (await ledger.stub("auditor/privacy").ListAccesses(look)).accesses
    assert {one.entry.kind for one in (seen, *before)} == {ledger_pb2.ENTRY_KIND_DOOR}
    assert {one.entry.content for one in before} == {b"/crossroads.ledger.v1.Ledger/Append"}
    assert len(before) == 4
    assert (seen.index, seen.entry.caller) == (4, "institution/17/1")
    assert seen.entry.content == b"/crossroads.ledger.v1.Ledger/ListAccesses"


async def test_a_citizen_sees_her_own_accesses_refusals_included(ledger: Any, entry: Make) -> None:
    await append(ledger, entry(1), entry(2, ssin=OTHER), entry(3, reason="NOT_AUTHORISED"))
    lina = ledger.stub("citizen/card", ssin=LINA, folder="citizen/lina")
    page = await lina.ListAccesses(ledger_pb2.ListAccessesRequest(ssin=LINA))
    assert [access.index for access in page.accesses] == [2, 0]
    newest = page.accesses[0].entry
    assert (newest.caller, newest.purpose) == ("institution/17/1", "living_wage_enquiry")
    assert (newest.outcome, newest.reason) == (ledger_pb2.OUTCOME_REFUSED, "NOT_AUTHORISED")
    assert list(newest.data_sorts) == ["employment_period"]
    assert not newest.content


async def test_a_citizen_sees_nobody_elses(ledger: Any, entry: Make) -> None:
    await append(ledger, entry(1))
    other = ledger.stub("citizen/card", ssin=OTHER, folder="citizen/other")
    for request in (
        ledger_pb2.ListAccessesRequest(ssin=LINA),
        ledger_pb2.ListAccessesRequest(ticket=entry(1).ticket),
        ledger_pb2.ListAccessesRequest(),
    ):
        assert await refusal(other.ListAccesses(request)) == ("PERMISSION_DENIED", "NOT_YOUR_OWN")
    page = await other.ListAccesses(
        ledger_pb2.ListAccessesRequest(ssin=OTHER, ticket=entry(1).ticket)
    )
    assert not page.accesses


async def test_an_auditor_reads_by_person_or_ticket_page_by_page(ledger: Any, entry: Make) -> None:
    await append(ledger, *(entry(number) for number in range(7)))
    auditor = ledger.stub("auditor/privacy")
    request = ledger_pb2.ListAccessesRequest(ssin=LINA, page_size=3)
    seen: list[int] = []
    for wanted in (3, 3, 1):
        page = await auditor.ListAccesses(request)
        assert len(page.accesses) == wanted
        seen += [access.index for access in page.accesses]
        request.page_token = page.next_page_token
    assert (seen, request.page_token) == ([6, 5, 4, 3, 2, 1, 0], "")
    one = await auditor.ListAccesses(ledger_pb2.ListAccessesRequest(ticket=entry(3).ticket))
    assert [access.entry for access in one.accesses] == [entry(3)]
    for bad in (
        ledger_pb2.ListAccessesRequest(),
        ledger_pb2.ListAccessesRequest(ssin=LINA, page_token="-1"),
        ledger_pb2.ListAccessesRequest(ssin=LINA, page_size=1001),
    ):
        refused = await refusal(auditor.ListAccesses(bad))
        assert refused == ("INVALID_ARGUMENT", "MALFORMED_REQUEST")


async def test_a_page_fits_one_message(ledger: Any, entry: Make) -> None:
    for number in range(8):
        large = entry(number)
        large.content = b"x" * 250_000
        await append(ledger, large)
    auditor = ledger.stub("auditor/privacy")
    request = ledger_pb2.ListAccessesRequest(ssin=LINA, page_size=1000)
    first = await auditor.ListAccesses(request)
    request.page_token = first.next_page_token
    second = await auditor.ListAccesses(request)
    assert [a.index for page in (first, second) for a in page.accesses] == list(range(7, -1, -1))
    messages = [one async for one in auditor.Export(ledger_pb2.ExportRequest())]
    assert max(message.ByteSize() for message in messages) < 2 << 20
    assert verifier.verify(messages, ledger.key).holds


async def test_proofs_lead_to_the_signed_checkpoint(ledger: Any, entry: Make) -> None:
    auditor = ledger.stub("auditor/privacy")
    await append(ledger, *(entry(number) for number in range(5)))
    before = await signed(auditor, ledger.key)
    await append(ledger, *(entry(number) for number in range(5, 12)))
    after = await signed(auditor, ledger.key)
    assert (before.size, after.size) == (5, 12)
    included = await auditor.GetInclusionProof(
        ledger_pb2.GetInclusionProofRequest(entry_id=entry(3).entry_id)
    )
    leaf = tree.leaf_hash(included.commitment)
    assert (included.index, included.tree_size) == (3, 12)
    assert proof.includes(leaf, 3, 12, included.path, after.root)
    earlier = await auditor.GetInclusionProof(
        ledger_pb2.GetInclusionProofRequest(entry_id=entry(3).entry_id, tree_size=5)
    )
    assert proof.includes(leaf, 3, 5, earlier.path, before.root)
    extension = await ledger.stub("institution/17/1").GetConsistencyProof(
        ledger_pb2.GetConsistencyProofRequest(first_size=5)
    )
    assert proof.extends(5, before.root, 12, after.root, extension.path)


async def signed(stub: Any, key: notes.VerifierKey) -> checkpoint.Checkpoint:
    answer = await stub.GetCheckpoint(ledger_pb2.GetCheckpointRequest())
    assert notes.parse_key(answer.verifier_key) == key
    return checkpoint.open_checkpoint(answer.note, key)


async def test_there_is_no_proof_outside_the_tree(ledger: Any, entry: Make) -> None:
    auditor = ledger.stub("auditor/privacy")
    assert (await signed(auditor, ledger.key)).root == tree.EMPTY_ROOT
    await append(ledger, *(entry(number) for number in range(5)))
    unknown = ledger_pb2.GetInclusionProofRequest(entry_id="unknown")
    assert await refusal(auditor.GetInclusionProof(unknown)) == ("NOT_FOUND", "UNKNOWN_ENTRY")
    for size in (3, 6):
        request = ledger_pb2.GetInclusionProofRequest(entry_id=entry(3).entry_id, tree_size=size)
        refused = await refusal(auditor.GetInclusionProof(request))
        assert refused == ("OUT_OF_RANGE", "OUTSIDE_TREE")
    for first, second in ((6, 0), (4, 3), (1, 6)):
        between = ledger_pb2.GetConsistencyProofRequest(first_size=first, second_size=second)
        refused = await refusal(auditor.GetConsistencyProof(between))
        assert refused == ("OUT_OF_RANGE", "OUTSIDE_TREE")


async def test_an_export_is_verified_elsewhere(ledger: Any, entry: Make) -> None:
    await append(ledger, *(entry(number) for number in range(450)))
    auditor = ledger.stub("auditor/privacy")
    messages = [one async for one in auditor.Export(ledger_pb2.ExportRequest())]
    ticket = entry(300).ticket
    report = verifier.verify(messages, ledger.key, tickets=(ticket,))
    assert report.holds
    assert [(one.index, one.entry, one.holds) for one in report.inclusions] == [
        (300, entry(300), True)
    ]
    reconciled = verifier.reconcile(report.entry_ids, (entry(n).entry_id for n in range(450)))
    assert reconciled == verifier.Reconciliation((), ())
    rest = [one async for one in auditor.Export(ledger_pb2.ExportRequest(from_index=449))]
    assert [one.index for message in rest for one in message.entries] == [449]


async def test_only_auditors_export(ledger: Any, tmp_path: Path) -> None:
    for path, ssin in (("institution/17/1", ""), ("citizen/card", LINA)):
        stream = ledger.stub(path, ssin=ssin).Export(ledger_pb2.ExportRequest())
        assert await refusal(stream.read()) == ("PERMISSION_DENIED", "NO_ACCESS")
