"""A decision made again years later, after policy and register changed, is the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
from crossroads.ledger.v1 import ledger_pb2
from crossroads.router.v1 import decision_pb2, exchange_pb2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesh import institutions, periods
from mesh.identity import Caller, parse
from mesh.periods import ALWAYS
from services.router import decision, distribution, entries, replay, telling, wire
from services.router.domain import Person, Policy, Question
from services.router.mutation import ReceivedMutation
from tests.services.router import worlds

SSIN = "91041241894"
AT = datetime(2026, 1, 2, tzinfo=UTC)
whole_worlds = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A world with its decisions is drawn whole, which takes a busy machine some time."""
CALLER = Caller(parse("institution/17/1"))


@dataclass(frozen=True)
class World:
    """A small world that changes: its policies by revision, what it knew of one person."""

    policies: dict[int, Policy]
    persons: dict[str, Person]
    entries: tuple[ledger_pb2.Entry, ...]


@st.composite
def world(draw: st.DrawFn) -> World:
    """Decisions are made and written down while policy and inscriptions change."""
    policies = {n: replace(draw(worlds.policy()), revision=n) for n in (1, 2)}
    persons = {str(n): replace(draw(worlds.person()), position=str(n)) for n in (1, 2)}
    written: list[ledger_pb2.Entry] = []
    for number in range(draw(st.integers(1, 2))):
        policy = draw(st.sampled_from(sorted(policies.values(), key=lambda p: p.revision)))
        person = draw(st.sampled_from(sorted(persons.values(), key=lambda p: p.position)))
        if draw(st.booleans()):
            written.append(draw(consultation(f"T{number}", policy, person)))
        else:
            written += draw(distributions(f"T{number}", policy, person))
    return World(policies, persons, tuple(written))


@st.composite
def consultation(draw: st.DrawFn, ticket: str, policy: Policy, person: Person) -> ledger_pb2.Entry:
    request = exchange_pb2.ConsultRequest(
        ssin=SSIN,
        data_sorts=draw(st.permutations(worlds.SORTS)),
        quality=draw(st.sampled_from(worlds.QUALITIES)),
        purpose=draw(st.sampled_from(worlds.PURPOSES)),
        period=periods.to_wire(draw(worlds.period())),
    )
    asker = draw(st.sampled_from((*worlds.INSTITUTIONS, worlds.STRANGER, None)))
    question: Question = wire.question(request, asker, periods.from_wire(request.period))
    on = draw(st.sampled_from(worlds.EVERY_DAY))
    read = person if decision.needs_person(question, policy, on) else None
    decided = decision.decide(question, policy, read, on)
    kind = draw(st.sampled_from(sorted(replay.CONSULTATIONS)))
    alike = entries.consultation(kind, CALLER, question, decided, wire.decision(decided), AT)
    return entries.consulted(alike, request, ticket)


@st.composite
def distributions(
    draw: st.DrawFn, ticket: str, policy: Policy, person: Person
) -> list[ledger_pb2.Entry]:
    period, sort = draw(worlds.period()), draw(st.sampled_from(worlds.SORTS))
    sender = draw(st.sampled_from(worlds.INSTITUTIONS))
    received = ReceivedMutation(ticket, SSIN, sender, "institution/1/1", "r", b"", b"", "", AT)
    on = draw(st.sampled_from(worlds.EVERY_DAY))
    decided = distribution.distribute(sort, period, sender, policy, person, on)
    return [
        telling.distribution(received, periods.to_wire(period), recipient, one, "A", AT)
        for recipient, one in decided.items()
    ]


def made_again(entry: ledger_pb2.Entry, known: World) -> tuple[str, ...]:
    one = replay.past(entry)
    return replay.differences(one, known.policies[one.revision], known.persons.get(one.position))


@whole_worlds
@given(world())
def test_every_decision_made_again_is_the_same(known: World) -> None:
    for entry in known.entries:
        stored = ledger_pb2.Entry.FromString(entry.SerializeToString(deterministic=True))
        assert made_again(stored, known) == ()


@whole_worlds
@given(world(), worlds.policy(), worlds.person())
def test_what_would_be_decided_otherwise_today_is_seen(
    known: World, policy: Policy, person: Person
) -> None:
    """Made from another policy or person, it differs exactly where the decision does."""
    for entry in known.entries:
        one = replay.past(entry)
        assert isinstance(one, replay.Past)
        other_policy = replace(policy, revision=one.revision)
        other = replace(person, position=one.position)
        found = replay.differences(one, other_policy, other)
        on = datetime.fromisoformat(one.decision.decided_for).date()
        today = decision.decide(one.question, other_policy, other, on)
        same = list(wire.decision(today).data_sorts) == list(one.decision.data_sorts)
        assert (found == ()) <= same
        if not same:
            assert found


TAMPERED: dict[str, Callable[[ledger_pb2.Entry], None]] = {
    "outcome": lambda e: e.MergeFrom(
        ledger_pb2.Entry(outcome=ledger_pb2.Outcome.ValueType(3 - e.outcome))
    ),
    "reason": lambda e: e.MergeFrom(ledger_pb2.Entry(reason=e.reason + "X")),
    "grounds": lambda e: e.grounds.append("another (X/1), article 1"),
    "data_sorts": lambda e: e.data_sorts.append("another_sort"),
}


@whole_worlds
@given(world(), st.sampled_from(sorted(TAMPERED)))
def test_a_line_that_says_otherwise_than_its_decision_is_seen(known: World, part: str) -> None:
    for entry in known.entries:
        TAMPERED[part](entry)
        assert any(part in difference for difference in made_again(entry, known))


@whole_worlds
@given(world())
def test_a_decision_that_was_altered_is_seen(known: World) -> None:
    for entry in known.entries:
        consulted = entry.kind in replay.CONSULTATIONS
        kind = exchange_pb2.ConsultationRecord if consulted else exchange_pb2.DistributionRecord
        record = kind.FromString(entry.content)
        for part in record.decision.data_sorts:
            part.grounds.add(deliberation="99/999", authorization="X/1")
            part.verdict = decision_pb2.Verdict.ValueType(3 - part.verdict)
        entry.content = record.SerializeToString(deterministic=True)
        found = made_again(entry, known)
        assert len([one for one in found if "grounds was" in one or "verdict was" in one]) >= 2


def test_an_entry_without_its_question_cannot_be_made_again() -> None:
    bare = decision_pb2.Decision(verdict=decision_pb2.VERDICT_PERMITTED, decided_for="2026-01-01")
    for kind in sorted(replay.DECISIONS):
        for content in (b"", b"\xff", bare.SerializeToString()):
            entry = ledger_pb2.Entry(kind=kind, ssin=SSIN, content=content)
            with pytest.raises(replay.Incomplete):
                replay.past(entry)
            entry.institution.CopyFrom(institutions.to_wire(worlds.INSTITUTIONS[0]))
            with pytest.raises(replay.Incomplete):
                replay.past(entry)


@whole_worlds
@given(worlds.policy(), st.data())
def test_a_decision_by_the_first_rules_is_made_again_by_them(
    policy: Policy, data: st.DataObject
) -> None:
    """Then an unknown person was one without a holder, and no rules were named."""
    unknown = Person((), "1", unknown=True)
    entry = data.draw(consultation("T", policy, replace(unknown, unknown=False)))
    record = exchange_pb2.ConsultationRecord.FromString(entry.content)
    record.decision.ClearField("rules")
    entry.content = record.SerializeToString(deterministic=True)
    assert replay.differences(replay.past(entry), policy, unknown) == ()
    record.decision.rules = replay.UNKNOWN_TOLD_APART
    entry.content = record.SerializeToString(deterministic=True)
    missing = decision_pb2.REFUSAL_REASON_NO_HOLDER
    had_no_holder = any(part.reason == missing for part in record.decision.data_sorts)
    found = replay.differences(replay.past(entry), policy, unknown)
    assert bool(found) == had_no_holder


@whole_worlds
@given(worlds.policy(), worlds.person(), st.data())
def test_before_the_second_rules_a_holder_was_asked_whether_it_had_ended_or_not(
    policy: Policy, person: Person, data: st.DataObject
) -> None:
    lasting = {
        place: replace(one, period=ALWAYS, successor=None)
        for place, one in policy.institutions.items()
    }
    then = replace(policy, institutions=lasting)
    entry = data.draw(consultation("T", then, person))
    asker = institutions.from_wire(entry.institution)
    kept = {asker: lasting[asker]} if asker in lasting else {}
    ended = replace(policy, institutions={**policy.institutions, **kept})
    record = exchange_pb2.ConsultationRecord.FromString(entry.content)
    record.decision.rules = replay.UNKNOWN_TOLD_APART
    entry.content = record.SerializeToString(deterministic=True)
    assert replay.differences(replay.past(entry), ended, person) == ()
