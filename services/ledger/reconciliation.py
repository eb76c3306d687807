"""Reconciliation: the ledger against the records of those who wrote in it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from crossroads.ledger.v1 import ledger_pb2

WITNESSED = frozenset(
    {
        ledger_pb2.ENTRY_KIND_MUTATION,
        ledger_pb2.ENTRY_KIND_DISTRIBUTION,
        ledger_pb2.ENTRY_KIND_INSCRIPTION,
        ledger_pb2.ENTRY_KIND_POLICY,
    }
)
"""Kinds that some record demands; what is refused without a record is demanded by none."""


class Fault(Enum):
    """What can be wrong between the ledger and a record."""

    MISSING = "missing"
    ALTERED = "altered"
    EXTRA = "extra"


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """An entry that is not as the records say."""

    fault: Fault
    entry_id: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Line:
    """An entry of the ledger as far as it is reconciled."""

    index: int
    entry_id: str
    ticket: str
    kind: ledger_pb2.EntryKind.ValueType
    outcome: ledger_pb2.Outcome.ValueType
    digest: bytes


def line(exported: ledger_pb2.ExportedEntry) -> Line:
    entry = ledger_pb2.Entry.FromString(exported.entry)
    digest = hashlib.sha256(exported.entry).digest()
    return Line(exported.index, entry.entry_id, entry.ticket, entry.kind, entry.outcome, digest)


def discrepancies(
    before: Iterable[Line], written: Iterable[ledger_pb2.Written], after: Iterable[Line] = ()
) -> tuple[Discrepancy, ...]:
    """What differs between the ledger and the records.

    `before` was in the ledger before the records were read, `after` came until they had been:
    what a record demands may be in either; only what is in `before` must have its record.
    """
    first = list(before)
    ledger = {one.entry_id: one for one in (*first, *after)}
    records = _Records(written)
    found = [*records.unmet(ledger), *records.undelivered(ledger)]
    found += [
        Discrepancy(Fault.EXTRA, one.entry_id, "no record demands it")
        for one in first
        if _needs_record(one) and not records.account_for(one, ledger)
    ]
    return tuple(sorted(found, key=lambda one: (one.entry_id, one.fault.value)))


class _Records:
    """What the witnesses said."""

    def __init__(self, written: Iterable[ledger_pb2.Written]) -> None:
        self._digests: dict[str, bytes] = {}
        self._delivered: set[str] = set()
        self._open: set[str] = set()
        self._of_ticket: dict[str, list[str]] = {}
        for one in written:
            if one.open:
                self._open.add(one.ticket)
            elif one.delivered:
                self._delivered.add(one.entry_id)
            else:
                self._digests[one.entry_id] = one.digest
                self._of_ticket.setdefault(one.ticket, []).append(one.entry_id)

    def unmet(self, ledger: dict[str, Line]) -> Iterator[Discrepancy]:
        """Entries demanded that are not there, or not with that content."""
        for entry_id, digest in self._digests.items():
            if entry_id not in ledger:
                yield Discrepancy(Fault.MISSING, entry_id, "a record demands it")
            elif digest != ledger[entry_id].digest:
                yield Discrepancy(Fault.ALTERED, entry_id, "it is not what was written")

    def undelivered(self, ledger: dict[str, Line]) -> Iterator[Discrepancy]:
        """Deliveries without the decision that allows them, and such decisions without delivery."""
        for entry_id in self._delivered - set(self._digests):
            if entry_id not in ledger:
                yield Discrepancy(Fault.MISSING, entry_id, "a mailbox holds what it allows")
            elif not _allows_delivery(ledger[entry_id]):
                yield Discrepancy(Fault.ALTERED, entry_id, "a mailbox holds what it does not allow")
        for entry_id in self._digests:
            allowed = entry_id in ledger and _allows_delivery(ledger[entry_id])
            if allowed and entry_id not in self._delivered:
                yield Discrepancy(Fault.EXTRA, entry_id, "no mailbox holds what it allows")
            elif entry_id in ledger and not allowed and entry_id in self._delivered:
                yield Discrepancy(Fault.ALTERED, entry_id, "a mailbox holds what it does not allow")

    def account_for(self, one: Line, ledger: dict[str, Line]) -> bool:
        """Whether a record demands the entry, or it is of an attempt that was given up.

        An attempt to distribute that died was made again: its entries stay, before those that
        count.
        """
        if one.entry_id in self._digests or one.ticket in self._open:
            return True
        counting = [
            ledger[each].index
            for each in self._of_ticket.get(one.ticket, ())
            if each in ledger and ledger[each].kind == one.kind
        ]
        given_up = one.kind == ledger_pb2.ENTRY_KIND_DISTRIBUTION
        return given_up and bool(counting) and one.index < min(counting)


def _needs_record(one: Line) -> bool:
    """A refused inscription changed nothing, so no record of the repertory has it."""
    if one.kind == ledger_pb2.ENTRY_KIND_INSCRIPTION:
        return one.outcome == ledger_pb2.OUTCOME_ALLOWED
    return one.kind in WITNESSED


def _allows_delivery(one: Line) -> bool:
    return (
        one.kind == ledger_pb2.ENTRY_KIND_DISTRIBUTION and one.outcome == ledger_pb2.OUTCOME_ALLOWED
    )
