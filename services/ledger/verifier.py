"""Verification of an export, far from the ledger: nothing of it is believed but the pinned key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from crossroads.ledger.v1 import ledger_pb2
from google.protobuf.message import DecodeError

from mesh.notes import Untrusted, VerifierKey
from services.ledger import checkpoint, commitment, proof, tree
from services.ledger.checkpoint import Checkpoint


class Fault(Enum):
    """What can be wrong with an export."""

    MISSING = "missing"
    ALTERED = "altered"
    EXTRA = "extra"
    REORDERED = "reordered"
    REPEATED = "repeated"
    UNSIGNED = "not signed"
    FORKED = "forked"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong, at the index of an entry or, without one, with the whole."""

    fault: Fault
    index: int | None
    meaning: str


@dataclass(frozen=True, slots=True)
class Inclusion:
    """An entry of a ticket, and whether its audit path leads to the signed root."""

    index: int
    entry: ledger_pb2.Entry
    path: tuple[bytes, ...]
    holds: bool


@dataclass(frozen=True, slots=True)
class Report:
    """What a verification found; `checkpoint` is None where none is validly signed."""

    entry_ids: tuple[str, ...]
    checkpoint: Checkpoint | None
    findings: tuple[Finding, ...]
    inclusions: tuple[Inclusion, ...]

    @property
    def holds(self) -> bool:
        return not self.findings


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Entries that should be in the ledger and are not, and those it has beyond them."""

    missing: tuple[str, ...]
    extra: tuple[str, ...]


def reconcile(exported: Iterable[str], expected: Iterable[str]) -> Reconciliation:
    """Whether each expected entry has exactly one leaf; a second leaf of one is extra."""
    have, want = Counter(exported), Counter(set(expected))
    return Reconciliation(
        tuple(sorted((want - have).elements())), tuple(sorted((have - want).elements()))
    )


def verify(
    messages: Iterable[ledger_pb2.ExportResponse],
    key: VerifierKey,
    *,
    tickets: Collection[str] = (),
    earlier: Sequence[str] = (),
) -> Report:
    """Verify an export from index 0, the entries of `tickets`, and that it extends older notes."""
    leaves, note = _Leaves(frozenset(tickets)), ""
    for message in messages:
        for exported in message.entries:
            leaves.add(exported)
        note = message.note or note
    findings = leaves.findings()
    try:
        signed = checkpoint.open_checkpoint(note, key)
    except Untrusted as error:
        return Report(
            leaves.entry_ids, None, (*findings, Finding(Fault.UNSIGNED, None, str(error))), ()
        )
    findings += leaves.against(signed)
    for one in earlier:
        findings += _extension(leaves, one, key)
    return Report(leaves.entry_ids, signed, tuple(findings), leaves.inclusions(signed))


class _Leaves:
    """The leaves of an export as they come by; memory holds their hashes, not the entries."""

    def __init__(self, tickets: frozenset[str]) -> None:
        self._tickets = tickets
        self._told: dict[int, bytes] = {}
        self._computed: dict[int, bytes] = {}
        self._asked: dict[int, ledger_pb2.Entry] = {}
        self._ids: dict[str, int] = {}
        self._last = -1
        self._findings: list[Finding] = []

    @property
    def entry_ids(self) -> tuple[str, ...]:
        return tuple(self._ids)

    def add(self, exported: ledger_pb2.ExportedEntry) -> None:
        index = exported.index
        if index in self._told:
            self._find(Fault.EXTRA, index, "a second entry claims this place")
            return
        if index < self._last:
            self._find(Fault.REORDERED, index, f"it stands after entry {self._last}")
        self._last = max(self._last, index)
        self._told[index] = exported.leaf_hash
        computed = tree.leaf_hash(commitment.commit(exported.salt, exported.entry))
        if computed != exported.leaf_hash:
            self._find(Fault.ALTERED, index, "it is not what its leaf commits to")
        self._read(exported, computed)

    def _read(self, exported: ledger_pb2.ExportedEntry, computed: bytes) -> None:
        index = exported.index
        try:
            entry = ledger_pb2.Entry.FromString(exported.entry)
        except DecodeError:
            self._find(Fault.ALTERED, index, "it cannot be read")
            return
        first = self._ids.setdefault(entry.entry_id, index)
        if first != index:
            self._find(Fault.REPEATED, index, f"its entry_id is that of entry {first}")
        if entry.ticket in self._tickets:
            self._asked[index], self._computed[index] = entry, computed

    def findings(self) -> list[Finding]:
        found = list(self._findings)
        for begin, end in _gaps(self._told, self._last + 1):
            found.append(_missing(begin, end))
        found += [
            Finding(Fault.MISSING, None, f"no entry bears ticket {ticket}")
            for ticket in sorted(self._tickets - {entry.ticket for entry in self._asked.values()})
        ]
        return found

    def against(self, signed: Checkpoint) -> list[Finding]:
        """What differs from the tree that was signed."""
        found = [
            Finding(Fault.EXTRA, index, "it stands beyond the signed tree")
            for index in sorted(self._told)
            if index >= signed.size
        ]
        if self._last + 1 < signed.size:
            found.append(_missing(self._last + 1, signed.size))
        if self.covers(signed.size) and self.root(signed.size) != signed.root:
            found.append(Finding(Fault.FORKED, None, "the tree is not the one that was signed"))
        return found

    def covers(self, size: int) -> bool:
        return all(index in self._told for index in range(size))

    def root(self, size: int) -> bytes:
        frontier, _ = tree.extend(tree.Frontier(), (self._told[index] for index in range(size)))
        return tree.root(frontier)

    def inclusions(self, signed: Checkpoint) -> tuple[Inclusion, ...]:
        """Of every entry of the tickets asked for, within the signed tree."""
        asked = [index for index in sorted(self._asked) if index < signed.size]
        if not asked or not self.covers(signed.size):
            return ()
        _, grown = tree.extend(tree.Frontier(), (self._told[index] for index in range(signed.size)))
        nodes = {(node.level, node.index): node.hash for node in grown}
        return tuple(self._inclusion(index, signed, nodes) for index in asked)

    def _inclusion(
        self, index: int, signed: Checkpoint, nodes: dict[proof.Place, bytes]
    ) -> Inclusion:
        path = proof.hashes(proof.inclusion(index, signed.size), nodes)
        holds = proof.includes(self._computed[index], index, signed.size, path, signed.root)
        return Inclusion(index, self._asked[index], path, holds)

    def _find(self, fault: Fault, index: int, meaning: str) -> None:
        self._findings.append(Finding(fault, index, meaning))


def _extension(leaves: _Leaves, note: str, key: VerifierKey) -> list[Finding]:
    """What is wrong with the claim that the export extends an earlier checkpoint."""
    try:
        before = checkpoint.open_checkpoint(note, key)
    except Untrusted as error:
        return [Finding(Fault.UNSIGNED, None, f"earlier checkpoint: {error}")]
    if not leaves.covers(before.size):
        return [Finding(Fault.FORKED, None, f"it lacks entries of the tree of {before.size}")]
    if leaves.root(before.size) != before.root:
        return [Finding(Fault.FORKED, None, f"it does not extend the tree of {before.size}")]
    return []


def _gaps(told: Collection[int], end: int) -> list[tuple[int, int]]:
    """Stretches of indexes below `end` that are not told."""
    present = [*sorted(told), end]
    starts = [0, *(index + 1 for index in present[:-1])]
    return [(begin, upto) for begin, upto in zip(starts, present, strict=True) if begin < upto]


def _missing(begin: int, end: int) -> Finding:
    meaning = "it is not there" if end == begin + 1 else f"nor are those up to {end - 1}"
    return Finding(Fault.MISSING, begin, meaning)
