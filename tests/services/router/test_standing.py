"""Persons who stand alike are decided on alike."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesh.periods import Period
from services.router import decision, distribution, standing
from services.router.domain import Person, Policy, Question
from tests.services.router import worlds

unhurried = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


@unhurried
@given(
    worlds.policy(),
    worlds.person(),
    worlds.question(),
    st.sampled_from(worlds.EVERY_DAY),
    st.data(),
)
def test_persons_who_stand_alike_are_decided_on_alike(
    policy: Policy, person: Person, question: Question, on: date, data: st.DataObject
) -> None:
    other = data.draw(standing_alike(person, question.period))
    assert standing.of(person, question.period) == standing.of(other, question.period)
    assert decision.decide(question, policy, person, on) == decision.decide(
        question, policy, other, on
    )


@unhurried
@given(
    worlds.policy(),
    worlds.person(),
    worlds.period(),
    st.sampled_from(worlds.EVERY_DAY),
    st.data(),
)
def test_the_same_are_told_about_persons_who_stand_alike(
    policy: Policy, person: Person, period: Period, on: date, data: st.DataObject
) -> None:
    other = replace(data.draw(standing_alike(person, period)), unknown=data.draw(st.booleans()))
    of_one, of_other = (
        distribution.distribute(worlds.SORTS[0], period, worlds.STRANGER, policy, each, on)
        for each in (person, other)
    )
    assert of_one == of_other


@st.composite
def standing_alike(draw: st.DrawFn, person: Person, period: Period) -> Person:
    """Another person, known by the same in other periods, with the same in common with this one."""
    known = [
        replace(
            one,
            period=draw(
                st.sampled_from(
                    [
                        other
                        for other in worlds.PERIODS
                        if other.intersection(period) == one.period.intersection(period)
                    ]
                )
            ),
        )
        for one in draw(st.permutations(person.inscriptions))
    ]
    died = draw(st.none() | st.sampled_from(worlds.EVERY_DAY))
    return replace(person, inscriptions=tuple(known), deceased_on=died)
