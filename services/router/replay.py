"""Replay: a decision in the ledger is made again, from what was known when it was made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from crossroads.ledger.v1 import ledger_pb2
from crossroads.router.v1 import decision_pb2, exchange_pb2
from google.protobuf.message import DecodeError

from mesh import institutions, periods
from mesh.periods import ALWAYS
from services.router import decision, distribution, entries, telling, untold, wire
from services.router.domain import Decision, Person, Policy, Question, Use

CONSULTATIONS = frozenset({ledger_pb2.ENTRY_KIND_CONSULTATION, ledger_pb2.ENTRY_KIND_EXPLANATION})
DECISIONS = CONSULTATIONS | {ledger_pb2.ENTRY_KIND_DISTRIBUTION}
"""Kinds of entries that hold a decision of the router."""


UNKNOWN_TOLD_APART = 1
"""The version of the rules that gave unknown persons a reason of their own."""
SUCCESSORS_ASKED = 2
"""The version of the rules by which no institution is asked that has ended."""


class Incomplete(ValueError):  # noqa: N818 - it states what is wrong
    """An entry that lacks what its decision was made from."""


@dataclass(frozen=True, slots=True)
class Past:
    """A decision as the ledger has it, with the question it answered."""

    entry: ledger_pb2.Entry
    question: Question
    decision: decision_pb2.Decision

    @property
    def position(self) -> str:
        """The position of the repertory that was read; empty: none was."""
        return self.decision.repertory_position

    @property
    def revision(self) -> int:
        """The revision of the policy that was applied."""
        return self.decision.policy_revision


@dataclass(frozen=True, slots=True)
class PastUntold:
    """The decisions on all who were not told of a mutation, as the ledger has them."""

    entry: ledger_pb2.Entry
    record: exchange_pb2.UntoldRecord

    @property
    def position(self) -> str:
        return self.record.repertory_position

    @property
    def revision(self) -> int:
        return self.record.policy_revision


def past(entry: ledger_pb2.Entry) -> Past | PastUntold:
    """Read an entry of one of the kinds in DECISIONS. Raises Incomplete."""
    try:
        if entry.kind in CONSULTATIONS:
            return _consultation(entry)
        return _distribution(entry) if entry.HasField("institution") else _untold(entry)
    except (ValueError, DecodeError) as error:
        raise Incomplete("the entry lacks what its decision was made from") from error


def differences(one: Past | PastUntold, policy: Policy, person: Person | None) -> tuple[str, ...]:
    """What a decision made again has otherwise; empty where it is the same.

    `policy` is that of its revision, `person` as known at its position, None where it read none.
    """
    if isinstance(one, PastUntold):
        return _otherwise_untold(one, policy, person)
    on = date.fromisoformat(one.decision.decided_for)
    policy = _by_its_rules(one, policy)
    try:
        decided = decision.decide(one.question, policy, _looked_up(one, policy, person, on), on)
    except ValueError:
        return ("it cannot be made without the person, and no position of her is named",)
    again = wire.decision(decided)
    found = [*_between(one.decision, again), *_around(one.entry, decided)]
    return tuple(found)


def _consultation(entry: ledger_pb2.Entry) -> Past:
    record = exchange_pb2.ConsultationRecord.FromString(entry.content)
    asked = record.consultation
    if not asked.HasField("period") or asked.ssin != entry.ssin:
        raise Incomplete("the question is not that of the entry")
    asker = institutions.from_wire(entry.institution) if entry.HasField("institution") else None
    period = periods.from_wire(asked.period)
    return Past(entry, wire.question(asked, asker, period), _dated(record.decision))


def _distribution(entry: ledger_pb2.Entry) -> Past:
    record = exchange_pb2.DistributionRecord.FromString(entry.content)
    if not record.HasField("period"):
        raise Incomplete("the question is not in the entry")
    question = Question(
        institutions.from_wire(entry.institution),
        (record.data_sort,),
        periods.from_wire(record.period),
        Use.DISTRIBUTION,
    )
    return Past(entry, question, _dated(record.decision))


def _untold(entry: ledger_pb2.Entry) -> PastUntold:
    record = exchange_pb2.UntoldRecord.FromString(entry.content)
    if not record.HasField("period") or not record.HasField("sender"):
        raise Incomplete("the question is not in the entry")
    periods.from_wire(record.period)
    date.fromisoformat(record.decided_for)
    return PastUntold(entry, record)


def _otherwise_untold(one: PastUntold, policy: Policy, person: Person | None) -> tuple[str, ...]:
    if person is None:
        return ("it cannot be made without the person, and no position of her is named",)
    then, on = one.record, date.fromisoformat(one.record.decided_for)
    sender, period = institutions.from_wire(then.sender), periods.from_wire(then.period)
    decisions = distribution.distribute(then.data_sort, period, sender, policy, person, on)
    summary = untold.summarise(decisions, policy, person, on)
    now = wire.untold_record(then.data_sort, then.period, sender, summary)
    found = [
        f"those not told: {name} is not that of the decisions"
        for name in ("told", "untold", "digest", "policy_revision", "repertory_position")
        if getattr(then, name) != getattr(now, name)
    ]
    expected = ledger_pb2.Entry(
        outcome=ledger_pb2.OUTCOME_REFUSED,
        reason=telling.untold_reasons(summary),
        data_sorts=[then.data_sort],
    )
    return (*found, *_line(one.entry, expected))


def _dated(decided: decision_pb2.Decision) -> decision_pb2.Decision:
    date.fromisoformat(decided.decided_for)
    return decided


def _looked_up(one: Past, policy: Policy, person: Person | None, on: date) -> Person | None:
    """A distribution has always read the person, a consultation only where it had to.

    By the first rules an unknown person was one without a holder.
    """
    if one.question.use is Use.CONSULTATION and not decision.needs_person(one.question, policy, on):
        return None
    if person is not None and one.decision.rules < UNKNOWN_TOLD_APART:
        return replace(person, unknown=False)
    return person


def _by_its_rules(one: Past, policy: Policy) -> Policy:
    """By the rules before the second a holder was asked whether it had ended or not."""
    if one.decision.rules >= SUCCESSORS_ASKED:
        return policy
    records = {
        place: record if place == one.question.asker else replace(record, period=ALWAYS)
        for place, record in policy.institutions.items()
    }
    return replace(policy, institutions=records)


def _between(then: decision_pb2.Decision, now: decision_pb2.Decision) -> list[str]:
    """What two decisions on one question have otherwise, by sort of data."""
    before = {part.data_sort: part for part in then.data_sorts}
    after = {part.data_sort: part for part in now.data_sorts}
    found = [
        f"{data_sort}: {name} was {_said(before[data_sort], name)}, is {_said(part, name)}"
        for data_sort, part in after.items()
        if data_sort in before
        for name in ("verdict", "reason", "grounds", "holders", "fields")
        if getattr(before[data_sort], name) != getattr(part, name)
    ]
    if list(before) != list(after):
        found.append(f"sorts of data: were {', '.join(before)}, are {', '.join(after)}")
    found += [
        f"{name}: was {getattr(then, name)}, is {getattr(now, name)}"
        for name in ("verdict", "policy_revision", "repertory_position")
        if getattr(then, name) != getattr(now, name)
    ]
    return found


def _around(entry: ledger_pb2.Entry, decided: Decision) -> list[str]:
    """What the line of the ledger itself says otherwise."""
    expected = ledger_pb2.Entry(
        outcome=entries.OUTCOMES[decided.verdict],
        reason=entries.reasons(decided),
        grounds=entries.grounds(decided),
        data_sorts=[part.data_sort for part in decided.data_sorts],
    )
    return _line(entry, expected)


def _line(entry: ledger_pb2.Entry, expected: ledger_pb2.Entry) -> list[str]:
    return [
        f"the line of the ledger: {name} is not that of the decision"
        for name in ("outcome", "reason", "grounds", "data_sorts")
        if getattr(entry, name) != getattr(expected, name)
    ]


def _said(part: decision_pb2.DataSortDecision, name: str) -> str:
    """A part of a decision in few words."""
    match name:
        case "verdict":
            return decision_pb2.Verdict.Name(part.verdict).removeprefix("VERDICT_")
        case "reason":
            reason = decision_pb2.RefusalReason.Name(part.reason)
            return reason.removeprefix("REFUSAL_REASON_") if part.reason else "none"
        case "grounds":
            return ", ".join(ground.authorization for ground in part.grounds) or "none"
        case "holders":
            return ", ".join(str(institutions.from_wire(one)) for one in part.holders) or "none"
        case _:
            return ", ".join(part.fields) or "all"
