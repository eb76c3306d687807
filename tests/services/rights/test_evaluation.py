"""Evaluation against an oracle that looks at every single day, in whatever order things come."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import pairwise
from random import Random

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from services.rights.deciding.evaluation import Evaluation
from services.rights.domain import Entitlement, Household, Rule, Statement, World
from services.rights.facts import holdings
from tests.services.rights import laws, worlds
from tests.services.rights.oracle import Oracle

ONE = timedelta(days=1)
small = settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
persons = st.sampled_from(worlds.PERSONS)
rights = st.sampled_from(laws.RIGHTS)


@small
@given(laws.rules(), worlds.households(), worlds.statements(), worlds.days, persons, rights)
def test_every_day_is_as_the_oracle_says(
    rules: Mapping[str, Rule],
    homes: tuple[Household, ...],
    said: tuple[Statement, ...],
    today: date,
    person: str,
    right: str,
) -> None:
    evaluation = Evaluation(rules, worlds.world(homes, said), today)
    oracle = Oracle(rules, homes, said, worlds.SORTS, today)
    found = evaluation.entitlements(right, person)
    expected = oracle.rights(right, person)
    event(f"{len(expected)} periods of {rules[right].group}")
    assert [(e.period.begin, e.period.end, e.renewable) for e in found] == expected
    assert all(one.period.end < other.period.begin for one, other in pairwise(found))
    for entitlement in found:
        check_ground(oracle, rules[right], entitlement, person)
        check_amounts(oracle, entitlement, right, person)


def check_ground(oracle: Oracle, rule: Rule, entitlement: Entitlement, person: str) -> None:
    """The ground is a whole run of days of one condition of its version."""
    begin, end = entitlement.ground.begin, min(entitlement.ground.end, oracle.until)
    before, last = begin - ONE, end - ONE

    def holds(number: int, day: date) -> bool:
        law = oracle.version(rule, day)
        held = oracle.grounded(rule, number, person, day)
        return held and law is not None and law.name == entitlement.version

    assert any(
        holds(n, begin) and holds(n, last) and not holds(n, before)
        for n in range(2)
    )  # fmt: skip


def check_amounts(oracle: Oracle, entitlement: Entitlement, right: str, person: str) -> None:
    """A schedule in order whose neighbours differ, with the oracle's amount on each end of it."""
    amounts = entitlement.amounts
    for (one, cents), (other, others) in pairwise(amounts):
        assert one.end <= other.begin
        assert one.end < other.begin or cents != others
    day, last = entitlement.period.begin, min(entitlement.period.end, oracle.until + 40 * ONE)
    while day < last:
        worth = [cents for period, cents in amounts if day in period]
        assert worth[:1] == [c for c in [oracle.amount(right, person, day)] if c is not None]
        day += ONE


@small
@given(
    laws.rules(),
    worlds.households(),
    worlds.statements(),
    worlds.days,
    persons,
    st.randoms(use_true_random=False),
)
def test_neither_order_nor_repetition_matters(
    rules: Mapping[str, Rule],
    homes: tuple[Household, ...],
    said: tuple[Statement, ...],
    today: date,
    person: str,
    random: Random,
) -> None:
    shuffled = [*said, *random.sample(said, random.randint(0, len(said)))]
    random.shuffle(shuffled)
    in_order = Evaluation(rules, worlds.world(homes, said), today)
    in_disorder = Evaluation(rules, worlds.world(homes[::-1], shuffled), today)
    for right in reversed(laws.RIGHTS):
        assert in_order.entitlements(right, person) == in_disorder.entitlements(right, person)
        assert in_order.due(right, person) == in_disorder.due(right, person)


@small
@given(laws.rules(), worlds.households(), worlds.statements(), worlds.days, persons, rights)
def test_who_is_not_due_has_the_same_rights_next_year(
    rules: Mapping[str, Rule],
    homes: tuple[Household, ...],
    said: tuple[Statement, ...],
    today: date,
    person: str,
    right: str,
) -> None:
    today = max(today, laws.SETTLED + 60 * ONE)
    world = worlds.world(homes, said)
    now = Evaluation(rules, world, today)
    due = now.due(right, person)
    event(f"due {due and due.year - today.year}")
    for years in (1, 2, 3):
        later = date(today.year + years, 1, 1)
        if due is not None and due <= later:
            return
        then = Evaluation(rules, world, later)
        assert now.entitlements(right, person) == then.entitlements(right, person)


@small
@given(laws.rules(), worlds.households(), worlds.statements(), worlds.days, persons, rights)
def test_strangers_make_no_difference(
    rules: Mapping[str, Rule],
    homes: tuple[Household, ...],
    said: tuple[Statement, ...],
    today: date,
    person: str,
    right: str,
) -> None:
    """Only the groups of a person, and of those in them, count for her."""
    world = worlds.world(homes, said)
    around, reached = {person}, {person: tuple[Household, ...]()}
    for _ in worlds.PERSONS:
        groups = [h for h in homes if h.ssins & around]
        around = around.union(*(h.ssins for h in groups))
        reached = {who: tuple(h for h in homes if who in h.ssins) for who in around}
    facts = {who: held for who, held in world.facts.items() if who in around}
    alone = Evaluation(rules, World(facts, reached), today)
    found = Evaluation(rules, world, today).entitlements(right, person)
    assert found == alone.entitlements(right, person)


def test_of_whom_nothing_is_known_nothing_follows() -> None:
    evaluation = Evaluation(worlds.RULES.rules, World({}, {}), date(2026, 11, 24))
    for right in ("social_tariff_energy",):
        assert evaluation.entitlements(right, "ann") == ()
        assert evaluation.due(right, "ann") is None


@small
@given(laws.rules(), worlds.households(), worlds.statements(), persons)
def test_law_that_nobody_knows_yet_gives_nothing(
    rules: Mapping[str, Rule],
    homes: tuple[Household, ...],
    said: tuple[Statement, ...],
    person: str,
) -> None:
    evaluation = Evaluation(rules, worlds.world(homes, said), laws.SINCE - 61 * ONE)
    for right in laws.RIGHTS:
        assert evaluation.entitlements(right, person) == ()
        assert evaluation.due(right, person) is None


def test_a_group_that_nobody_is_in_gives_nobody_a_right() -> None:
    facts = holdings.facts_of((), worlds.SORTS)
    world = World(facts, {"ann": (Household(()),)})
    evaluation = Evaluation(worlds.RULES.rules, world, date(2026, 11, 24))
    assert evaluation.entitlements("social_tariff_energy", "ann") == ()
