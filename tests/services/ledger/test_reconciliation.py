"""A missing, altered or extra entry is found, whoever tampered, and nothing else is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from crossroads.ledger.v1 import ledger_pb2
from hypothesis import given
from hypothesis import strategies as st

from services.ledger import reconciliation
from services.ledger.reconciliation import Discrepancy, Fault, Line

MUTATION, DISTRIBUTION = ledger_pb2.ENTRY_KIND_MUTATION, ledger_pb2.ENTRY_KIND_DISTRIBUTION
INSCRIPTION, CONSULTATION = ledger_pb2.ENTRY_KIND_INSCRIPTION, ledger_pb2.ENTRY_KIND_CONSULTATION
ALLOWED, REFUSED = ledger_pb2.OUTCOME_ALLOWED, ledger_pb2.OUTCOME_REFUSED


@dataclass
class Books:
    """The ledger and what its witnesses keep."""

    ledger: list[Line]
    written: list[ledger_pb2.Written]

    def enter(
        self,
        entry_id: str,
        kind: ledger_pb2.EntryKind.ValueType,
        outcome: ledger_pb2.Outcome.ValueType = ALLOWED,
    ) -> bytes:
        digest = hashlib.sha256(entry_id.encode()).digest()
        ticket = entry_id.partition("/")[0]
        self.ledger.append(Line(len(self.ledger), entry_id, ticket, kind, outcome, digest))
        return digest

    def record(
        self,
        entry_id: str,
        kind: ledger_pb2.EntryKind.ValueType,
        outcome: ledger_pb2.Outcome.ValueType = ALLOWED,
    ) -> None:
        digest, ticket = self.enter(entry_id, kind, outcome), entry_id.partition("/")[0]
        self.written.append(ledger_pb2.Written(ticket=ticket, entry_id=entry_id, digest=digest))

    def deliver(self, entry_id: str) -> None:
        ticket = entry_id.partition("/")[0]
        self.written.append(ledger_pb2.Written(ticket=ticket, entry_id=entry_id, delivered=True))

    def discrepancies(self) -> tuple[Discrepancy, ...]:
        return reconciliation.discrepancies(self.ledger, self.written)


@st.composite
def books(draw: st.DrawFn) -> Books:
    """Some exchanges, as they are when nobody tampered; attempts that died are among them."""
    made = Books([], [])
    for number in range(draw(st.integers(1, 5))):
        ticket = f"T{number}"
        match draw(st.sampled_from(("mutation", "inscription", "consultation", "refused", "open"))):
            case "mutation":
                made.record(f"{ticket}/mutation", MUTATION)
                for recipient in range(draw(st.integers(0, 2))):
                    made.enter(f"{ticket}/{recipient}/DIED", DISTRIBUTION)
                for recipient in range(draw(st.integers(1, 3))):
                    outcome = draw(st.sampled_from((ALLOWED, REFUSED)))
                    made.record(f"{ticket}/{recipient}/A", DISTRIBUTION, outcome)
                    if outcome == ALLOWED:
                        made.deliver(f"{ticket}/{recipient}/A")
            case "inscription":
                made.record(f"{ticket}/inscription/0", INSCRIPTION)
            case "consultation":
                made.enter(f"{ticket}/decision", CONSULTATION)
            case "refused":
                made.enter(f"{ticket}/inscription/0", INSCRIPTION, REFUSED)
            case "open":
                made.enter(f"{ticket}/mutation", MUTATION)
                made.enter(f"{ticket}/0/A", DISTRIBUTION)
                made.written.append(ledger_pb2.Written(ticket=ticket, open=True))
    return made


def demanded(made: Books) -> list[ledger_pb2.Written]:
    return [one for one in made.written if one.digest]


@given(books())
def test_books_that_nobody_tampered_with_hold(made: Books) -> None:
    assert made.discrepancies() == ()


@given(books(), st.data())
def test_an_entry_taken_away_is_missing(made: Books, data: st.DataObject) -> None:
    if demanded(made):
        gone = data.draw(st.sampled_from([one.entry_id for one in demanded(made)]))
        made.ledger = [one for one in made.ledger if one.entry_id != gone]
        found = {(one.fault, one.entry_id) for one in made.discrepancies()}
        assert (Fault.MISSING, gone) in found


@given(books(), st.data())
def test_an_entry_changed_is_altered(made: Books, data: st.DataObject) -> None:
    if demanded(made):
        changed = data.draw(st.sampled_from(demanded(made)))
        changed.digest = bytes(32)
        found = [(one.fault, one.entry_id) for one in made.discrepancies()]
        assert found == [(Fault.ALTERED, changed.entry_id)]


@given(books(), st.sampled_from(sorted(reconciliation.WITNESSED)))
def test_an_entry_that_no_record_demands_is_extra(
    made: Books, kind: ledger_pb2.EntryKind.ValueType
) -> None:
    made.enter("FORGED/1", kind)
    assert [(one.fault, one.entry_id) for one in made.discrepancies()] == [
        (Fault.EXTRA, "FORGED/1")
    ]


@given(books())
def test_a_later_entry_of_a_known_exchange_is_extra(made: Books) -> None:
    made.record("KNOWN/mutation", MUTATION)
    made.record("KNOWN/0/A", DISTRIBUTION, REFUSED)
    made.enter("KNOWN/1/LATER", DISTRIBUTION)
    assert [(one.fault, one.entry_id) for one in made.discrepancies()] == [
        (Fault.EXTRA, "KNOWN/1/LATER")
    ]


@given(books())
def test_deliveries_and_decisions_to_deliver_are_the_same(made: Books) -> None:
    made.deliver("SMUGGLED/0/A")
    made.record("KNOWN/0/A", DISTRIBUTION)
    made.record("REFUSED/0/A", DISTRIBUTION, REFUSED)
    made.deliver("REFUSED/0/A")
    assert [(one.fault, one.entry_id) for one in made.discrepancies()] == [
        (Fault.EXTRA, "KNOWN/0/A"),
        (Fault.ALTERED, "REFUSED/0/A"),
        (Fault.MISSING, "SMUGGLED/0/A"),
    ]


def test_what_came_while_the_records_were_read_is_no_discrepancy() -> None:
    made = Books([], [])
    made.record("EARLY/mutation", MUTATION)
    made.record("LATE/mutation", MUTATION)
    made.enter("LATER/mutation", MUTATION)
    before, after = made.ledger[:1], made.ledger[1:]
    assert reconciliation.discrepancies(before, made.written, after) == ()
