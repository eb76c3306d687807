"""Affected: nobody whose right changes is left out, and deciding needs no more than is read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesh.periods import Period
from services.rights.deciding import affected
from services.rights.deciding.affected import Question, Touch
from services.rights.deciding.evaluation import Evaluation
from services.rights.domain import (
    Entitlement,
    Group,
    Household,
    Membership,
    Rule,
    Statement,
    World,
)
from tests.services.rights import laws, worlds

TODAY = date(2024, 6, 15)
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""The worlds are large; how long they take to draw says nothing."""
Outcome = dict[Question, tuple[Entitlement, ...]]


def everything(rules: Mapping[str, Rule], world: World) -> Outcome:
    """Every right of everybody."""
    worked_out = Evaluation(rules, world, TODAY)
    return {
        (right, ssin): worked_out.entitlements(right, ssin)
        for right in rules
        for ssin in worlds.PERSONS
    }


def changed(before: Outcome, after: Outcome) -> set[Question]:
    return {question for question, found in after.items() if before[question] != found}


def own(homes: tuple[Household, ...]) -> dict[str, tuple[Household, ...]]:
    """To each the groups that she is in, and one of her own of each sort that has none."""
    found = {}
    for ssin in worlds.PERSONS:
        hers = [home for home in homes if ssin in home.ssins]
        alone = (
            Household((Membership(ssin, worlds.lasting(worlds.FIRST, None)),), group=group)
            for group in worlds.ROLES
            if group not in {home.group for home in hers}
        )
        found[ssin] = (*hers, *alone)
    return found


@unhurried
@given(laws.rules(), worlds.households(), worlds.statements())
def test_whoever_a_statement_changes_is_reached(
    rules: dict[str, Rule], homes: tuple[Household, ...], said: tuple[Statement, ...]
) -> None:
    new = said[-1]
    kept = own(homes)
    before = everything(rules, World(worlds.world(homes, said[:-1]).facts, kept))
    after = everything(rules, World(worlds.world(homes, said).facts, kept))
    touch = Touch(new.ssin, worlds.SORTS[new.data_sort].values, frozenset(), 3)
    reach = affected.reach(rules, [touch], kept)
    assert not reach.unknown
    assert changed(before, after) <= reach.causes.keys()
    assert set(reach.causes.values()) <= {3}


@unhurried
@given(
    laws.rules(),
    worlds.households(),
    worlds.statements(),
    st.sampled_from(worlds.PERSONS),
    worlds.periods(),
    st.data(),
)
def test_whoever_a_move_changes_is_reached(
    rules: dict[str, Rule],
    homes: tuple[Household, ...],
    said: tuple[Statement, ...],
    mover: str,
    days: Period,
    data: st.DataObject,
) -> None:
    home = data.draw(st.sampled_from(homes))
    moved = Household(
        (
            *home.members,
            Membership(mover, days, data.draw(st.sampled_from(worlds.ROLES[home.group]))),
        ),
        home.ticket,
        home.group,
    )
    facts = worlds.world(homes, said).facts
    earlier = own(homes)
    later = own((moved, *(h for h in homes if h is not home)))
    before = everything(rules, World(facts, earlier))
    after = everything(rules, World(facts, later))
    both = {ssin: (*later[ssin], *earlier[ssin]) for ssin in worlds.PERSONS}
    touch = Touch(mover, frozenset(), frozenset({home.group}), 0)
    assert changed(before, after) <= affected.reach(rules, [touch], both).causes.keys()


@unhurried
@given(laws.rules(), worlds.households(), worlds.statements(), st.sampled_from(worlds.PERSONS))
def test_what_is_read_is_enough_to_decide(
    rules: dict[str, Rule],
    homes: tuple[Household, ...],
    said: tuple[Statement, ...],
    ssin: str,
) -> None:
    kept, facts = own(homes), worlds.world(homes, said).facts
    whole = Evaluation(rules, World(facts, kept), TODAY)
    for right in rules:
        read = affected.reading(rules, [(right, ssin)], kept)
        part = World(
            {one: found for one, found in facts.items() if one in read.persons},
            {one: found for one, found in kept.items() if one in read.persons},
        )
        told = Evaluation(rules, part, TODAY).entitlements(right, ssin)
        assert told == whole.entitlements(right, ssin)


def test_who_shares_no_day_is_not_reached() -> None:
    rule = worlds.RULES.rules["water_bill_reduction"]
    rules = {rule.id: rule}
    early = worlds.lasting(date(2023, 1, 1), 100)
    late = worlds.lasting(date(2023, 6, 1), None)
    home = Household((Membership("ann", early), Membership("bob", late)), group=Group.DOMICILE)
    touch = Touch("ann", frozenset({"LIVING_WAGE"}), frozenset(), 0)
    reach = affected.reach(rules, [touch], {"ann": (home,), "bob": (home,)})
    assert reach.persons == {"ann"}


def test_a_fact_that_no_rule_reads_reaches_nobody() -> None:
    touch = Touch("ann", frozenset({"RETIREMENT"}), frozenset(), 0)
    assert not affected.reach({"x": worlds.RULES.rules["water_bill_reduction"]}, [touch], {}).causes


def test_of_whom_no_group_is_known_more_must_be_asked() -> None:
    rule = worlds.RULES.rules["water_bill_reduction"]
    touch = Touch("ann", frozenset({"LIVING_WAGE"}), frozenset(), 0)
    assert affected.reach({rule.id: rule}, [touch], {}).unknown == {"ann"}
    assert affected.reading({rule.id: rule}, [(rule.id, "ann")], {}).unknown == {"ann"}


def test_the_last_message_that_reaches_somebody_is_the_cause() -> None:
    rule = worlds.RULES.rules["water_bill_reduction"]
    always = worlds.lasting(date(2023, 1, 1), None)
    home = Household((Membership("ann", always), Membership("bob", always)), group=Group.DOMICILE)
    touches = [
        Touch(ssin, frozenset({status}), frozenset(), number)
        for number, (ssin, status) in enumerate(
            [("ann", "LIVING_WAGE"), ("bob", "GRAPA"), ("ann", "RETIREMENT")]
        )
    ]
    reach = affected.reach({rule.id: rule}, touches, {"ann": (home,), "bob": (home,)})
    assert set(reach.causes.values()) == {1}
