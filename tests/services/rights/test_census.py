"""The whole population at once, and one person at a time: the same rights."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from services.rights import crowd, spans
from services.rights.census import Census
from services.rights.domain import Entitlement, Household, Rule, Statement
from services.rights.evaluation import Evaluation
from services.rights.spans import NEVER
from tests.services.rights import laws, worlds

small = settings(
    deadline=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@small
@given(laws.rules(), worlds.households(), worlds.statements(), worlds.days, st.booleans())
def test_made_up_law_gives_everybody_the_same_rights_in_columns(
    rules: Mapping[str, Rule],
    homes: tuple[Household, ...],
    said: tuple[Statement, ...],
    today: date,
    ahead: bool,
) -> None:
    world = worlds.world(homes, said)
    evaluation = Evaluation(rules, world, today)
    population = crowd.population(world, worlds.PERSONS)
    census = Census(rules, population, today, ahead=ahead)
    for right, found in census.rights():
        event(f"{len(found)} entitlements")
        in_columns: dict[str, list[Entitlement]] = {person: [] for person in worlds.PERSONS}
        for who, entitlement in found.nouns():
            in_columns[worlds.PERSONS[who]].append(entitlement)
        for person in worlds.PERSONS:
            assert in_columns[person] == list(evaluation.entitlements(right, person))
        if ahead:
            dues = [None if day == NEVER else spans.day(day) for day in census.dues[right]]
            assert dues == [evaluation.due(right, person) for person in worlds.PERSONS]
