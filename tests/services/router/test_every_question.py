"""On every question there is about a small world, the decision is the oracle's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings

from mesh.periods import ALWAYS, Period
from services.router import decision
from services.router.domain import (
    Authorization,
    Availability,
    Inscription,
    InstitutionRecord,
    Person,
    Policy,
    Question,
    Use,
)
from tests.services.router import oracle, worlds

Line = tuple[int, Period]
ASKERS = (*worlds.INSTITUTIONS, worlds.STRANGER, None)
NEVER_HELD = "never_held"
SORTS = (*worlds.SORTS, NEVER_HELD)
PURPOSES = (*worlds.PURPOSES, "never_stated")
QUALITIES = (*worlds.QUALITIES, 3)
SENDER, ASKER = worlds.INSTITUTIONS[:2]
TWO_DAYS = [
    Period(*both)
    for both in (
        (worlds.BOUNDS[1], worlds.BOUNDS[2]),
        (worlds.BOUNDS[2], worlds.BOUNDS[3]),
        (worlds.BOUNDS[1], worlds.BOUNDS[3]),
    )
]
"""The first day, the second day, both."""
DAYS = worlds.EVERY_DAY[2:4]


def every_question() -> Iterator[Question]:
    for asker, period in product(ASKERS, worlds.PERIODS):
        for quality, purpose in product(QUALITIES, PURPOSES):
            yield Question(asker, SORTS, period, Use.CONSULTATION, quality, purpose)
        yield Question(asker, SORTS, period, Use.DISTRIBUTION)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds.policy(), worlds.person())
def test_every_question_on_a_world_is_decided_as_the_oracle_does(
    policy: Policy, person: Person
) -> None:
    for question, on in product(every_question(), worlds.EVERY_DAY):
        decided = decision.decide(question, policy, person, on)
        assert oracle.of(decided) == oracle.answers(question, policy, person, on)


def small_worlds() -> Iterator[tuple[Policy, Person]]:
    """Every world of one deliberation, a line at the asker and a line at the holder."""
    lines = [None, *product((1, 2), TWO_DAYS)]
    grounds = product(
        (frozenset({Use.CONSULTATION}), frozenset({Use.DISTRIBUTION}), frozenset(Use)),
        (True, False),
        (frozenset[int](), frozenset({1})),
        TWO_DAYS,
    )
    for (uses, blocking, qualities, term), held_as in product(
        grounds, (frozenset[int](), frozenset({1}))
    ):
        ground = authorization("A", PURPOSES[0], uses, blocking, qualities, frozenset("a"), term)
        for known, held in product(lines, lines):
            yield small_policy(held_as, ground), small_person(known, held)


def worlds_of_two() -> Iterator[tuple[Policy, Person]]:
    """Every world of two deliberations that differ in purpose, control, qualities and fields."""
    second = product(
        PURPOSES[:2],
        (True, False),
        (frozenset[int](), frozenset({2})),
        (frozenset[str](), frozenset("b"), frozenset("ab")),
    )
    both, held = frozenset(Use), (1, TWO_DAYS[2])
    for fields, (purpose, blocking, qualities, others) in product(
        (frozenset[str](), frozenset("a")), second
    ):
        policy = small_policy(
            frozenset(),
            authorization("A", PURPOSES[0], both, True, frozenset({1}), fields, ALWAYS),
            authorization("B", purpose, both, blocking, qualities, others, ALWAYS),
        )
        for known in (None, *product((1, 2), TWO_DAYS)):
            yield policy, small_person(known, held)


def authorization(
    number: str,
    purpose: str,
    uses: frozenset[Use],
    blocking: bool,
    qualities: frozenset[int],
    fields: frozenset[str],
    term: Period,
) -> Authorization:
    return Authorization(
        number,
        "18/001",
        "",
        ASKER,
        frozenset(SORTS[:1]),
        purpose,
        uses,
        blocking,
        qualities,
        fields,
        term,
    )


def small_policy(held_as: frozenset[int], *grounds: Authorization) -> Policy:
    return Policy.of(
        1,
        tuple(InstitutionRecord(i, "", frozenset(), "", "", ALWAYS) for i in (SENDER, ASKER)),
        (Availability(SORTS[0], "x", SENDER, held_as),),
        grounds,
    )


def small_person(known: Line | None, held: Line | None) -> Person:
    both = ((ASKER, known), (SENDER, held))
    lines = tuple(Inscription(where, *line) for where, line in both if line)
    return Person(lines, "1", unknown=not lines)


def small_questions() -> list[Question]:
    sorts = SORTS[:1]
    return [
        *(
            Question(ASKER, sorts, period, Use.CONSULTATION, quality, purpose)
            for period, quality, purpose in product(TWO_DAYS, (1, 2), PURPOSES[:2])
        ),
        *(Question(ASKER, sorts, period, Use.DISTRIBUTION) for period in TWO_DAYS),
    ]


@pytest.mark.parametrize("every_world", [small_worlds, worlds_of_two])
def test_every_world_of_one_or_two_deliberations_is_decided_as_the_oracle_does(
    every_world: Callable[[], Iterator[tuple[Policy, Person]]],
) -> None:
    questions, said = small_questions(), Counter[str]()
    for policy, person in every_world():
        for question, on in product(questions, DAYS):
            decided = oracle.of(decision.decide(question, policy, person, on))
            assert decided == oracle.answers(question, policy, person, on)
            said[decided[SORTS[0]].said] += 1
    assert min(said.values()) > 100
    assert said.keys() >= {"NOT_AUTHORISED", "SUBJECT_NOT_INTEGRATED", "PERMITTED"}
    assert ("UNKNOWN_PERSON" in said) == (every_world is small_worlds)
