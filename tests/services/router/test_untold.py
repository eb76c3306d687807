"""All who are not told of a mutation stand in one entry of bounded size, to be decided again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

import pytest
from crossroads.ledger.v1 import ledger_pb2
from crossroads.router.v1 import exchange_pb2
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from mesh import institutions, periods
from mesh.institutions import Institution
from mesh.periods import ALWAYS, Period
from services.router import distribution, replay, telling, untold
from services.router.domain import (
    Authorization,
    Availability,
    Decision,
    Inscription,
    InstitutionRecord,
    Person,
    Policy,
    Reason,
    Use,
)
from services.router.mutation import ReceivedMutation
from tests.services.router import worlds

SSIN, AT, ON = "91041241894", datetime(2026, 1, 2, tzinfo=UTC), date(2026, 1, 2)
whole_worlds = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])


@dataclass(frozen=True)
class Distributed:
    """A distribution and the entry of those it told nothing."""

    policy: Policy
    person: Person
    decisions: Mapping[Institution, Decision]
    entry: ledger_pb2.Entry

    @property
    def against(self) -> dict[Institution, Reason]:
        reasons = {i: decided.data_sorts[0].reason for i, decided in self.decisions.items()}
        return {i: reason for i, reason in reasons.items() if reason is not None}


def distribute(
    policy: Policy, person: Person, period: Period, sort: str, sender: Institution, on: date
) -> Distributed:
    decisions = distribution.distribute(sort, period, sender, policy, person, on)
    received = ReceivedMutation("T", SSIN, sender, "institution/1/1", "r", b"", b"", "", AT)
    summary = untold.summarise(decisions, policy, person, on)
    entry = telling.untold(received, periods.to_wire(period), sort, summary, "A", AT)
    return Distributed(policy, person, decisions, entry)


@st.composite
def distributed(draw: st.DrawFn) -> Distributed:
    made = distribute(
        draw(worlds.policy()),
        draw(worlds.person()),
        draw(worlds.period()),
        draw(st.sampled_from(worlds.SORTS)),
        draw(st.sampled_from((*worlds.INSTITUTIONS, worlds.STRANGER))),
        draw(st.sampled_from(worlds.EVERY_DAY)),
    )
    assume(made.against)
    return made


@whole_worlds
@given(distributed())
def test_nobody_is_left_out_and_it_is_the_same_when_made_again(made: Distributed) -> None:
    record = exchange_pb2.UntoldRecord.FromString(made.entry.content)
    counts = Counter(reason.value for reason in made.against.values())
    assert {group.reason: group.count for group in record.untold} == counts
    assert record.told + len(made.against) == len(made.decisions)
    knowing = {inscription.institution for inscription in made.person.inscriptions}
    named = {institutions.from_wire(one) for group in record.untold for one in group.knowing}
    assert named == knowing & made.against.keys()
    assert replay.differences(replay.past(made.entry), made.policy, made.person) == ()


@whole_worlds
@given(distributed(), worlds.policy(), worlds.person())
def test_what_would_be_decided_otherwise_is_seen(
    made: Distributed, policy: Policy, person: Person
) -> None:
    """Made again from another policy or person, it differs exactly where some decision does."""
    one = replay.past(made.entry)
    assert isinstance(one, replay.PastUntold)
    policy = replace(policy, revision=one.revision)
    person = replace(person, position=one.position)
    again = distribute(
        policy,
        person,
        periods.from_wire(one.record.period),
        one.record.data_sort,
        institutions.from_wire(one.record.sender),
        date.fromisoformat(one.record.decided_for),
    )
    same = again.against == made.against and len(again.decisions) == len(made.decisions)
    if replay.differences(one, policy, person) == ():
        assert same
    if not same:
        assert replay.differences(one, policy, person)


def _forget(record: exchange_pb2.UntoldRecord) -> None:
    record.untold[0].count -= 1


def _exchange(record: exchange_pb2.UntoldRecord) -> None:
    record.digest = bytes(32)


def _hide(record: exchange_pb2.UntoldRecord) -> None:
    record.told += 1


@pytest.mark.parametrize("tamper", [_forget, _exchange, _hide])
@whole_worlds
@given(distributed())
def test_a_summary_that_was_altered_is_seen(
    tamper: Callable[[exchange_pb2.UntoldRecord], None], made: Distributed
) -> None:
    record = exchange_pb2.UntoldRecord.FromString(made.entry.content)
    tamper(record)
    made.entry.content = record.SerializeToString(deterministic=True)
    assert replay.differences(replay.past(made.entry), made.policy, made.person)


@given(distributed())
def test_a_line_that_says_otherwise_is_seen(made: Distributed) -> None:
    made.entry.reason += "X"
    found = replay.differences(replay.past(made.entry), made.policy, made.person)
    assert found == ("the line of the ledger: reason is not that of the decision",)


def test_without_the_person_it_cannot_be_made_again() -> None:
    person = Person((Inscription(worlds.INSTITUTIONS[0], 1, ALWAYS),), "1")
    empty = Policy.of(1, (), (), ())
    made = distribute(empty, person, ALWAYS, worlds.SORTS[0], worlds.STRANGER, ON)
    assert replay.differences(replay.past(made.entry), empty, None)


def test_thousands_who_are_not_told_make_one_small_entry() -> None:
    centres = tuple(Institution(17, number) for number in range(1, 5001))
    records = tuple(InstitutionRecord(i, str(i), frozenset(), "", "", ALWAYS) for i in centres)
    allowed = tuple(
        Authorization(
            *(str(i), "18/001", "article 15", i, frozenset({"income"}), "enquiry"),
            frozenset({Use.DISTRIBUTION}),
            blocking=True,
        )
        for i in centres
    )
    held = Availability("income", "x", Institution(70, 0))
    policy = Policy.of(1, records, (held,), allowed)
    person = Person((Inscription(centres[7], 1, ALWAYS),), "1")
    made = distribute(policy, person, ALWAYS, "income", Institution(70, 0), ON)
    record = exchange_pb2.UntoldRecord.FromString(made.entry.content)
    assert (record.told, record.untold[0].count) == (1, 4999)
    assert made.entry.ByteSize() < 400
