"""One simulation of a world: its persons, and on each moment their groups and statuses.

OpenFisca's groups do not change in time, so they are set anew for each moment. Nobody is without
a group there: those who are in none stand alone in one, and `in_domicile` and the like say so.
One more person stands last, so that every group number is always in use.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from openfisca_core.periods import Period
from openfisca_core.populations import GroupPopulation
from openfisca_core.simulations import Simulation, SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem

from oracle import terms
from oracle.entities import GROUPS
from oracle.statuses import STATUSES, given
from oracle.world import DEPENDANT, UNKNOWN, World


def made(world: World, system: TaxBenefitSystem, *, cents: bool) -> Simulation:
    """Persons, births and incomes; no group and no status yet."""
    count = world.persons + 1
    builder = SimulationBuilder()
    builder.create_entities(system)
    builder.declare_person_entity("person", range(count))
    for sort in GROUPS:
        size = world.groups[sort].count + count
        builder.declare_entity(sort, range(size))
        _join(builder.populations[sort], np.arange(size - count, size))
    simulation = builder.build(system)
    simulation.set_input("born", "eternity", np.append(world.born, UNKNOWN))
    for year, (persons, amounts) in world.incomes.items():
        known, income = np.zeros(count, bool), np.zeros(count)
        known[persons] = True
        income[persons] = amounts if cents else amounts / 100
        simulation.set_input("taxable_income_known", str(year), known)
        simulation.set_input("taxable_income", str(year), income)
    return simulation


def place(simulation: Simulation, world: World, now: Period) -> None:
    """The groups as they are on the first day of a moment."""
    day = terms.number(str(now.start))
    for sort, groups in world.groups.items():
        found = np.append(groups.on(day, world.persons), -1)
        alone = groups.count + np.arange(len(found))
        _join(simulation.populations[sort], np.where(found < 0, alone, found))
        simulation.set_input(f"in_{sort}", now, found >= 0)
    dependant = np.append(
        world.groups["fund_household"].has_role(DEPENDANT, day, world.persons), False
    )
    simulation.set_input("is_dependant", now, dependant)


def say(simulation: Simulation, world: World, now: Period, *, cents: bool) -> None:
    """Statuses and means as they are on the first day of a moment."""
    day = terms.number(str(now.start))
    for status in STATUSES:
        holds = np.zeros(world.persons + 1, bool)
        if status in world.said:
            spells = world.said[status]
            holds[spells.person[spells.on(day)]] = True
        simulation.set_input(given(status), now, holds)
    spells, amounts = world.means
    there = spells.on(day)
    known, means = np.zeros(world.persons + 1, bool), np.zeros(world.persons + 1)
    known[spells.person[there]] = True
    means[spells.person[there]] = amounts[there] if cents else amounts[there] / 100
    simulation.set_input("monthly_means_known", now, known)
    simulation.set_input("monthly_means", now, means)


def _join(population: GroupPopulation, groups: NDArray[np.int64]) -> None:
    population.members_entity_id = groups
    population._members_role = None  # noqa: SLF001 - what was made of the groups before
    population._members_position = None  # noqa: SLF001
    population._ordered_members_map = None  # noqa: SLF001
