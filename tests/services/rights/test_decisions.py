"""Decisions: only differences, and whatever the path, the same end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import count
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesh.periods import Period
from services.rights.deciding import decisions
from services.rights.deciding.evaluation import Evaluation
from services.rights.domain import Decision, DecisionKind, Entitlement, Household, Rule, Statement
from tests.services.rights import laws, worlds

IDS = count()
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
QUARTER = Period(date(2026, 10, 1), date(2027, 1, 1))
GROUND = Period(date(2026, 11, 10), date.max)
RUNNING = Entitlement(QUARTER, renewable=True, ground=GROUND, version="2023-07-01/x")


def decide(standing: Sequence[Decision], *entitled: Entitlement) -> list[Decision]:
    changes = decisions.difference(
        "ann",
        "social_tariff_energy",
        standing,
        entitled,
        new_id=lambda: f"d{next(IDS)}",
        decided_at=NOW,
        caused_by="TICKET",
    )
    return [change.decision for change in changes]


def test_what_was_not_decided_before_is_granted() -> None:
    (granted,) = decide([], RUNNING)
    assert (granted.kind, granted.period, granted.void) == (DecisionKind.GRANTED, QUARTER, False)
    assert granted.entitlement_id == granted.id


def test_what_stands_is_not_decided_again() -> None:
    assert decide(decide([], RUNNING), RUNNING) == []


def test_a_ground_that_ends_ends_the_right_at_the_end_of_its_window() -> None:
    (granted,) = decide([], RUNNING)
    ended = replace(RUNNING, renewable=False, ground=Period(GROUND.begin, date(2026, 11, 25)))
    (decision,) = decide([granted], ended)
    assert (decision.kind, decision.period) == (DecisionKind.ENDED, QUARTER)
    assert decision.entitlement_id == granted.id


def test_a_new_year_changes_the_window() -> None:
    (granted,) = decide([], RUNNING)
    longer = replace(RUNNING, period=Period(QUARTER.begin, date(2028, 1, 1)))
    (decision,) = decide([granted], longer)
    assert (decision.kind, decision.period) == (DecisionKind.CHANGED, longer.period)


def test_a_ground_that_never_was_makes_the_right_void() -> None:
    (granted,) = decide([], RUNNING)
    (decision,) = decide([granted])
    assert (decision.kind, decision.void) == (DecisionKind.ENDED, True)


def test_who_loses_days_is_told_about_them() -> None:
    (granted,) = decide([], RUNNING)
    shorter = replace(RUNNING, period=Period(date(2026, 10, 15), date(2026, 12, 1)))
    (change,) = decisions.difference(
        "ann", "r", [granted], [shorter], new_id=lambda: "d2", decided_at=NOW, caused_by=""
    )
    assert change.about == QUARTER


def test_another_amount_is_a_change() -> None:
    worth = replace(RUNNING, amounts=((QUARTER, 6400),))
    (granted,) = decide([], worth)
    assert granted.amounts == worth.amounts
    (decision,) = decide([granted], replace(worth, amounts=((QUARTER, 6500),)))
    assert (decision.kind, decision.amounts) == (DecisionKind.CHANGED, ((QUARTER, 6500),))
    assert decide([granted], worth) == []


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    laws.rules(),
    worlds.households(),
    worlds.statements(),
    st.lists(worlds.days, min_size=1, max_size=3),
    st.sampled_from(worlds.PERSONS),
    st.randoms(use_true_random=False),
)
def test_whatever_the_path_the_same_rights_stand_at_its_end(
    rules: Mapping[str, Rule],
    homes: tuple[Household, ...],
    said: tuple[Statement, ...],
    looks: list[date],
    person: str,
    random: Random,
) -> None:
    """Statements in any order and repeated, decided upon after each, on days that only go on."""

    def after(standing: list[Decision], heard: Sequence[Statement], on: date) -> list[Decision]:
        entitled = Evaluation(rules, worlds.world(homes, heard), on).entitlements(right, person)
        newest = {d.entitlement_id: d for d in [*standing, *decide(standing, *entitled)]}
        return [d for d in newest.values() if not d.void]

    right = laws.RIGHTS[-1]
    shuffled = [*said, *random.sample(said, random.randint(0, len(said)))]
    random.shuffle(shuffled)
    standing: list[Decision] = []
    heard: list[Statement] = []
    for today in sorted(looks):
        for statement in shuffled:
            heard.append(statement)
            standing = after(standing, heard, today)
    standing = after(standing, said, max(looks))
    entitled = Evaluation(rules, worlds.world(homes, said), max(looks)).entitlements(right, person)
    assert sorted((d.period, d.renewable, d.amounts) for d in standing) == [
        (e.period, e.renewable, e.amounts) for e in entitled
    ]
    assert after(standing, heard, max(looks)) == standing
