"""The whole population at once, and one person at a time: the same rights."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from hypothesis import HealthCheck, event, given, settings

from services.rights.census import Census
from services.rights.domain import Entitlement, Household, Rule, Statement, World
from services.rights.evaluation import Evaluation
from tests.services.rights import crowds, laws, worlds

small = settings(
    deadline=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def one_at_a_time(
    rules: Mapping[str, Rule], world: World, today: date, person: str, right: str
) -> list[Entitlement]:
    return list(Evaluation(rules, world, today).entitlements(right, person))


@small
@given(laws.rules(), worlds.households(), worlds.statements(), worlds.days)
def test_made_up_law_gives_everybody_the_same_rights_in_columns(
    rules: Mapping[str, Rule],
    homes: tuple[Household, ...],
    said: tuple[Statement, ...],
    today: date,
) -> None:
    world = worlds.world(homes, said)
    evaluation = Evaluation(rules, world, today)
    census = Census(rules, crowds.population(world, worlds.PERSONS), today)
    for right, found in census.rights():
        event(f"{len(found)} entitlements")
        in_columns: dict[str, list[Entitlement]] = {person: [] for person in worlds.PERSONS}
        for who, entitlement in found.nouns():
            in_columns[worlds.PERSONS[who]].append(entitlement)
        for person in worlds.PERSONS:
            assert in_columns[person] == list(evaluation.entitlements(right, person))
