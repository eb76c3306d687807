"""The decision agrees, on every question of small worlds, with an oracle that counts days."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import pytest
from crossroads.router.v1 import decision_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

from mesh.periods import Period
from services.router import decision, distribution
from services.router.domain import (
    Person,
    Policy,
    Question,
    Reason,
    Use,
    Verdict,
)
from tests.services.router import oracle, worlds

UNREFUSED = {None, Reason.NO_HOLDER, Reason.UNKNOWN_PERSON}
"""Where some ground is good, whether or not anybody holds the data."""
unhurried = settings(deadline=None)
"""A world is drawn whole, which takes a busy machine some time."""


@unhurried
@given(worlds.question(), worlds.policy(), worlds.person(), st.sampled_from(worlds.EVERY_DAY))
def test_the_decision_is_the_oracles(
    question: Question, policy: Policy, person: Person, on: date
) -> None:
    decided = decision.decide(question, policy, person, on)
    expected = oracle.answers(question, policy, person, on)
    assert oracle.of(decided) == expected
    permitted = any(answer.said == "PERMITTED" for answer in expected.values())
    assert (decided.verdict is Verdict.PERMITTED) == permitted


@unhurried
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


@unhurried
@given(worlds.question(), worlds.policy(), st.sampled_from(worlds.EVERY_DAY))
def test_whether_a_person_is_unknown_is_told_only_where_the_whole_population_is_given(
    question: Question, policy: Policy, on: date
) -> None:
    """A person known nowhere the asker can see, against one of whom nothing was ever heard."""
    before, after = (
        decision.decide(question, policy, Person((), "1", unknown=unknown), on).data_sorts
        for unknown in (False, True)
    )
    for known, unknown in zip(before, after, strict=True):
        if known != unknown:
            assert (known.reason, unknown.reason) == (Reason.NO_HOLDER, Reason.UNKNOWN_PERSON)
            assert known.grounds == unknown.grounds
            assert not any(ground.blocking for ground in unknown.grounds)
        else:
            assert unknown.reason is not Reason.UNKNOWN_PERSON


@unhurried
@given(worlds.question(), worlds.policy(), worlds.person(), st.sampled_from(worlds.EVERY_DAY))
def test_a_decease_changes_no_decision(
    question: Question, policy: Policy, person: Person, on: date
) -> None:
    living = decision.decide(question, policy, replace(person, deceased_on=None), on)
    died = replace(person, deceased_on=worlds.START)
    assert decision.decide(question, policy, died, on) == living


@unhurried
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


@unhurried
@given(worlds.policy(), worlds.person(), worlds.period(), st.sampled_from(worlds.EVERY_DAY))
def test_distribution_is_the_decision_asked_for_each_recipient(
    policy: Policy, person: Person, period: Period, on: date
) -> None:
    sender = worlds.INSTITUTIONS[0]
    told = distribution.distribute(worlds.SORTS[0], period, sender, policy, person, on)
    assert sender not in told
    for recipient in worlds.INSTITUTIONS[1:]:
        question = Question(recipient, worlds.SORTS[:1], period, Use.DISTRIBUTION)
        expected = oracle.answers(question, policy, person, on)
        if recipient in told:
            assert oracle.of(told[recipient]) == expected
        else:
            assert expected[worlds.SORTS[0]].said != "PERMITTED"


@unhurried
@given(
    worlds.policy(),
    worlds.person(),
    st.sampled_from(worlds.EVERY_DAY),
    st.sampled_from(worlds.EVERY_DAY),
)
def test_who_is_told_of_a_day_is_who_may_ask_about_it_by_what_allows_both(
    policy: Policy, person: Person, day: date, on: date
) -> None:
    """Over one day, to be known on some day is to be known on all; holders aside."""
    period = Period(day, day + timedelta(days=1))
    for asker, sort in product(worlds.INSTITUTIONS, worlds.SORTS):
        grounds = policy.granted(asker, sort)
        both = {a.id for a in grounds if a.uses == frozenset(Use)}
        change = Question(asker, (sort,), period, Use.DISTRIBUTION)
        asked = [
            Question(asker, (sort,), period, Use.CONSULTATION, quality, purpose)
            for quality, purpose in product(worlds.QUALITIES, worlds.PURPOSES)
        ]
        may_ask = set[str]().union(*(good(one, policy, person, on) for one in asked))
        assert good(change, policy, person, on) & both == may_ask & both


def good(question: Question, policy: Policy, person: Person, on: date) -> set[str]:
    """The grounds on which it is permitted, or would be if there were a holder."""
    (part,) = decision.decide(question, policy, person, on).data_sorts
    return {a.id for a in part.grounds} if part.reason in UNREFUSED else set()


@unhurried
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
