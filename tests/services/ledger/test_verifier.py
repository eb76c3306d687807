"""Verification elsewhere: what was done to an export is found, and where."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from crossroads.ledger.v1 import ledger_pb2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from mesh.notes import Signer
from services.ledger import commitment, export_file, tree, verifier
from services.ledger.checkpoint import ORIGIN, Checkpoint
from services.ledger.verifier import Fault, Finding, Report

SIGNER = Signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(32)))
MALLORY = Signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes([1] * 32)))
SIZE = 11


@dataclass
class Export:
    """An export that a test may spoil before it is verified."""

    entries: list[ledger_pb2.ExportedEntry]
    note: str

    def verified(self, tickets: tuple[str, ...] = (), earlier: tuple[str, ...] = ()) -> Report:
        half = len(self.entries) // 2
        messages = [
            ledger_pb2.ExportResponse(entries=self.entries[:half]),
            ledger_pb2.ExportResponse(entries=self.entries[half:]),
            ledger_pb2.ExportResponse(note=self.note),
        ]
        return verifier.verify(messages, SIGNER.verifier_key, tickets=tickets, earlier=earlier)


def exported(number: int, index: int, reason: str = "") -> ledger_pb2.ExportedEntry:
    entry = ledger_pb2.Entry(entry_id=f"T{number}/decision", ticket=f"T{number}", reason=reason)
    content = entry.SerializeToString(deterministic=True)
    salt = bytes([index]) * 32
    leaf = tree.leaf_hash(commitment.commit(salt, content))
    return ledger_pb2.ExportedEntry(index=index, salt=salt, entry=content, leaf_hash=leaf)


def sign(entries: list[ledger_pb2.ExportedEntry], signer: Signer = SIGNER) -> str:
    frontier, _ = tree.extend(tree.Frontier(), (one.leaf_hash for one in entries))
    return signer.sign(str(Checkpoint(ORIGIN, frontier.size, tree.root(frontier))))


def honest(size: int = SIZE) -> Export:
    entries = [exported(number, number) for number in range(size)]
    return Export(entries, sign(entries))


def faults(report: Report) -> set[tuple[Fault, int | None]]:
    return {(finding.fault, finding.index) for finding in report.findings}


@given(st.integers(0, 40))
def test_an_honest_export_holds(size: int) -> None:
    report = honest(size).verified(tickets=tuple(f"T{n}" for n in range(size)))
    assert report.holds
    assert [one.index for one in report.inclusions] == list(range(size))
    assert all(one.holds for one in report.inclusions)


@given(st.integers(0, SIZE - 1))
def test_a_missing_entry_is_found(index: int) -> None:
    export = honest()
    del export.entries[index]
    assert (Fault.MISSING, index) in faults(export.verified())


def test_a_stretch_of_missing_entries_is_one_finding() -> None:
    export = honest()
    del export.entries[2:5]
    (finding,) = export.verified().findings
    assert finding == Finding(Fault.MISSING, 2, "nor are those up to 4")


@given(st.integers(0, SIZE - 1), st.data())
def test_an_altered_entry_is_found(index: int, data: st.DataObject) -> None:
    export = honest()
    victim = export.entries[index]
    spoilt = bytearray(victim.salt + victim.entry)
    at = data.draw(st.integers(0, len(spoilt) - 1))
    spoilt[at] ^= data.draw(st.integers(1, 255))
    victim.salt, victim.entry = bytes(spoilt[:32]), bytes(spoilt[32:])
    assert (Fault.ALTERED, index) in faults(export.verified())


def test_an_altered_entry_with_a_leaf_to_match_is_a_fork() -> None:
    export = honest()
    export.entries[4] = exported(4, 4, reason="SOMETHING_ELSE")
    report = export.verified(tickets=("T4", "T5"))
    assert faults(report) == {(Fault.FORKED, None)}
    assert [one.holds for one in report.inclusions] == [False, False]


def test_an_altered_entry_is_not_proved() -> None:
    export = honest()
    export.entries[4].entry = exported(4, 4, reason="SOMETHING_ELSE").entry
    report = export.verified(tickets=("T4", "T5"))
    assert [(one.index, one.holds) for one in report.inclusions] == [(4, False), (5, True)]


def test_entries_beyond_the_signed_tree_are_found() -> None:
    export = honest()
    export.entries.append(exported(SIZE, SIZE))
    assert faults(export.verified()) == {(Fault.EXTRA, SIZE)}


def test_a_second_entry_for_a_place_is_found() -> None:
    export = honest()
    export.entries.insert(5, exported(99, 4))
    assert (Fault.EXTRA, 4) in faults(export.verified())


@given(st.integers(0, SIZE - 2), st.integers(1, SIZE - 1))
def test_swapped_entries_are_found(first: int, distance: int) -> None:
    second = min(first + distance, SIZE - 1)
    export = honest()
    entries = export.entries
    entries[first], entries[second] = entries[second], entries[first]
    assert (Fault.REORDERED, first) in faults(export.verified())


def test_swapped_entries_that_claim_each_others_places_are_a_fork() -> None:
    export = honest()
    entries = export.entries
    entries[3], entries[4] = entries[4], entries[3]
    entries[3].index, entries[4].index = 3, 4
    assert faults(export.verified()) == {(Fault.FORKED, None)}


def test_two_leaves_for_one_entry_id_are_found() -> None:
    entries = [exported(number, index) for index, number in enumerate([0, 1, 2, 1])]
    assert faults(Export(entries, sign(entries)).verified()) == {(Fault.REPEATED, 3)}


def test_a_forged_signature_is_found_and_the_rest_still_told() -> None:
    export = honest()
    export.note = sign(export.entries, MALLORY)
    export.entries[2].salt = bytes(32)
    report = export.verified()
    assert report.checkpoint is None
    assert faults(report) == {(Fault.ALTERED, 2), (Fault.UNSIGNED, None)}


def test_an_export_without_its_end_is_not_believed() -> None:
    export = honest()
    export.note = ""
    assert faults(export.verified()) == {(Fault.UNSIGNED, None)}


def test_a_ticket_without_entries_is_told() -> None:
    assert faults(honest().verified(tickets=("T77",))) == {(Fault.MISSING, None)}


def test_a_rewritten_ledger_does_not_extend_what_was_signed_before() -> None:
    before = honest(6)
    assert honest().verified(earlier=(before.note, honest(0).note)).holds
    entries = [exported(n, n, reason="REWRITTEN" if n == 3 else "") for n in range(SIZE)]
    rewritten = Export(entries, sign(entries))
    assert rewritten.verified().holds
    assert faults(rewritten.verified(earlier=(before.note,))) == {(Fault.FORKED, None)}
    assert faults(before.verified(earlier=(honest().note,))) == {(Fault.FORKED, None)}
    forged = sign(before.entries, MALLORY)
    assert faults(honest().verified(earlier=(forged,))) == {(Fault.UNSIGNED, None)}


def test_reconciliation_wants_each_entry_exactly_once() -> None:
    found = verifier.reconcile(["a", "b", "b", "d"], ["a", "b", "c", "c"])
    assert found == verifier.Reconciliation(missing=("c",), extra=("b", "d"))


def test_an_export_is_written_and_read() -> None:
    file = io.BytesIO()
    messages = [
        ledger_pb2.ExportResponse(entries=honest().entries),
        ledger_pb2.ExportResponse(note="note", verifier_key="key"),
    ]
    for message in messages:
        export_file.write(file, message)
    file.seek(0)
    assert list(export_file.read(file)) == messages


@pytest.mark.parametrize("cut", [1, 5, 200])
def test_a_file_that_breaks_off_is_unreadable(cut: int) -> None:
    file = io.BytesIO()
    export_file.write(file, ledger_pb2.ExportResponse(entries=honest().entries))
    broken = io.BytesIO(file.getvalue()[:-cut])
    with pytest.raises(export_file.Unreadable):
        list(export_file.read(broken))


@given(st.binary(max_size=60))
def test_anything_else_is_unreadable_or_not_believed(content: bytes) -> None:
    def attempt(read: Callable[[], Report]) -> bool:
        try:
            return read().holds
        except export_file.Unreadable:
            return False

    messages = export_file.read(io.BytesIO(content))
    assert not attempt(lambda: verifier.verify(messages, SIGNER.verifier_key))
