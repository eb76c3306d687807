"""The decision agrees, on every question of small worlds, with an oracle that counts days."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from crossroads.router.v1 import decision_pb2
from hypothesis import given
from hypothesis import strategies as st

from mesh.periods import Period
from services.router import decision, distribution
from services.router.domain import (
    Authorization,
    Decision,
    Inscription,
    Person,
    Policy,
    Question,
    Reason,
    Use,
    Verdict,
)
from tests.services.router import worlds


def oracle(question: Question, sort: str, policy: Policy, person: Person, on: date) -> str:
    """The name of the reason, or PERMITTED: written from the law's words, day by day."""
    exists = any(
        r.institution == question.asker and on in r.period for r in policy.institutions.values()
    )
    if not exists:
        return "UNKNOWN_INSTITUTION"
    if not policy.availabilities.get(sort):
        return "UNKNOWN_DATA_SORT"
    every = {a for granted in policy.authorizations.values() for a in granted}
    usable = [a for a in every if may_use(a, question, sort, on)]
    if not usable:
        return "NOT_AUTHORISED"
    if not any(knows(a, question, person) for a in usable):
        return "SUBJECT_NOT_INTEGRATED"
    held = any(
        line.institution == availability.holder
        and (not availability.qualities or line.quality in availability.qualities)
        and any(day in line.period and day in question.period for day in worlds.EVERY_DAY)
        for availability in policy.availabilities[sort]
        for line in person.inscriptions
    )
    if question.use is Use.CONSULTATION and not held:
        return "NO_HOLDER"
    return "PERMITTED"


def may_use(a: Authorization, question: Question, sort: str, on: date) -> bool:
    return (
        a.recipient == question.asker
        and sort in a.data_sorts
        and question.use in a.uses
        and on in a.period
        and (question.purpose is None or a.purpose == question.purpose)
        and (question.quality is None or not a.qualities or question.quality in a.qualities)
    )


def knows(a: Authorization, question: Question, person: Person) -> bool:
    if not a.blocking:
        return True
    lines = [line for line in person.inscriptions if fits(line, a, question)]
    asked = [day for day in worlds.EVERY_DAY if day in question.period]
    known = [any(day in line.period for line in lines) for day in asked]
    return any(known) if question.use is Use.DISTRIBUTION else all(known)


def fits(line: Inscription, a: Authorization, question: Question) -> bool:
    return (
        line.institution == question.asker
        and (not a.qualities or line.quality in a.qualities)
        and (question.quality is None or line.quality == question.quality)
    )


def answers(decided: Decision) -> dict[str, str]:
    return {
        part.data_sort: part.reason.name if part.reason else "PERMITTED"
        for part in decided.data_sorts
    }


@given(worlds.question(), worlds.policy(), worlds.person(), st.sampled_from(worlds.EVERY_DAY))
def test_the_decision_is_the_oracles(
    question: Question, policy: Policy, person: Person, on: date
) -> None:
    decided = decision.decide(question, policy, person, on)
    expected = {sort: oracle(question, sort, policy, person, on) for sort in question.data_sorts}
    assert answers(decided) == expected
    assert (decided.verdict is Verdict.PERMITTED) == ("PERMITTED" in expected.values())


@given(worlds.question(), worlds.policy(), worlds.person(), st.sampled_from(worlds.EVERY_DAY))
def test_who_is_not_authorised_learns_nothing_of_the_person(
    question: Question, policy: Policy, person: Person, on: date
) -> None:
    if decision.needs_person(question, policy, on):
        with pytest.raises(ValueError, match="person"):
            decision.decide(question, policy, None, on)
    else:
        blind = decision.decide(question, policy, None, on)
        assert blind.data_sorts == decision.decide(question, policy, person, on).data_sorts


@given(worlds.question(), worlds.policy(), worlds.person(), st.sampled_from(worlds.EVERY_DAY))
def test_fewer_authorizations_never_give_more(
    question: Question, policy: Policy, person: Person, on: date
) -> None:
    """Deny by default: taking a ground away can only refuse more."""
    every = sorted({a for g in policy.authorizations.values() for a in g}, key=lambda a: a.id)
    for gone in every:
        kept = tuple(a for a in every if a is not gone)
        poorer = Policy.of(
            7,
            tuple(policy.institutions.values()),
            tuple(a for held in policy.availabilities.values() for a in held),
            kept,
        )
        for before, after in zip(
            decision.decide(question, policy, person, on).data_sorts,
            decision.decide(question, poorer, person, on).data_sorts,
            strict=True,
        ):
            assert before.verdict is Verdict.PERMITTED or after.verdict is Verdict.REFUSED


@given(worlds.policy(), worlds.person(), worlds.period(), st.sampled_from(worlds.EVERY_DAY))
def test_distribution_is_the_decision_asked_for_each_recipient(
    policy: Policy, person: Person, period: Period, on: date
) -> None:
    sender = worlds.INSTITUTIONS[0]
    told = distribution.distribute(worlds.SORTS[0], period, sender, policy, person, on)
    assert sender not in told
    for recipient in worlds.INSTITUTIONS[1:]:
        question = Question(recipient, worlds.SORTS[:1], period, Use.DISTRIBUTION)
        expected = oracle(question, worlds.SORTS[0], policy, person, on)
        if recipient in told:
            assert answers(told[recipient]) == {worlds.SORTS[0]: expected}
        else:
            assert expected != "PERMITTED"


@given(worlds.question(), worlds.policy(), worlds.person(), st.sampled_from(worlds.EVERY_DAY))
def test_a_decision_made_again_is_the_same(
    question: Question, policy: Policy, person: Person, on: date
) -> None:
    once = decision.decide(question, policy, person, on)
    again = decision.decide(
        question, policy, replace(person, inscriptions=person.inscriptions[::-1]), on
    )
    assert once == again


def test_the_reasons_are_those_of_the_contract() -> None:
    contract = {
        name.removeprefix("REFUSAL_REASON_"): value
        for name, value in decision_pb2.RefusalReason.items()
        if value
    }
    assert contract == {reason.name: reason.value for reason in Reason}
