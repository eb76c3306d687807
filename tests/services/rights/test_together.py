"""Many persons together, and each alone: the same rights, whatever each knows of her groups."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from services.rights import crowd, holdings
from services.rights.domain import Household, Rule, Statement, World
from services.rights.evaluation import Evaluation
from services.rights.together import Together
from tests.services.rights import laws, worlds

small = settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
WITHOUT_AUTHORITY = {
    name: worlds.sort(*of.values, several=of.several_at_once) for name, of in worlds.SORTS.items()
}


@st.composite
def told(draw: st.DrawFn) -> dict[str, tuple[Household, ...]]:
    """Each knows of some of the groups, by messages of their own."""
    homes = draw(worlds.households())
    known = {ssin: draw(st.lists(st.sampled_from(homes), unique=True)) for ssin in worlds.PERSONS}
    everybody = draw(st.booleans())
    return {
        ssin: tuple(
            Household(home.members, f"OF {ssin}", home.group)
            for home in (homes if everybody else known[ssin])
        )
        for ssin in worlds.PERSONS
    }


@small
@given(laws.rules(), told(), worlds.statements(), worlds.days, st.booleans())
def test_everybody_has_the_rights_that_she_has_alone(
    rules: Mapping[str, Rule],
    homes: Mapping[str, tuple[Household, ...]],
    said: tuple[Statement, ...],
    today: date,
    settled: bool,
) -> None:
    sorts = worlds.SORTS if settled else WITHOUT_AUTHORITY
    world = World(holdings.facts_of(said, sorts), homes)
    alike = crowd.alike(world, worlds.PERSONS)
    event(f"{len(alike)} of {len(worlds.PERSONS)} in columns")
    alone = Evaluation(rules, world, today)
    together = Together(rules, world, alike, today, alone)
    for right in rules:
        for person in worlds.PERSONS:
            assert tuple(together.entitlements(right, person)) == alone.entitlements(right, person)
            assert together.due(right, person) == alone.due(right, person)


@given(told())
def test_whoever_is_in_columns_has_everybody_there_with_whom_she_shares_a_group(
    homes: Mapping[str, tuple[Household, ...]],
) -> None:
    alike = crowd.alike(World({}, homes), worlds.PERSONS)
    for ssin in alike:
        for home in homes[ssin]:
            assert home.ssins - {ssin} <= set(alike)
