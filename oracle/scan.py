"""Deciding day by day: every moment is calculated after the one before it, and then forgotten."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray
from openfisca_core import periods
from openfisca_core.periods import Period
from openfisca_core.simulations import Simulation
from openfisca_core.taxbenefitsystems import TaxBenefitSystem

from oracle import social_tariff_energy
from oracle.simulation import made, place, say
from oracle.system import RIGHTS
from oracle.world import World

CARRIED = (
    "on_welfare_since",
    "right_to_increased_reimbursement",
    "lived_with_protected_customer_this_year",
    "card_until",
    "water_bill_reduction",
    "care_premium_reduction",
    "increased_reimbursement_on_new_year",
)
"""What a moment needs of the one before it."""
Decisions = Mapping[str, NDArray[np.bool_]]
"""Of each right a row a day asked, a column a person."""


def decide(world: World, system: TaxBenefitSystem, unit: str, *, cents: bool) -> Decisions:
    """Who has which right on the days asked, by a system for moments of that unit."""
    simulation = made(world, system, cents=cents)
    simulation.start_computation_period = moment(world.start, unit)
    decided = {right: np.zeros((len(world.asked), world.persons), bool) for right in RIGHTS}
    asked = [moment(int(day), unit) for day in world.asked]
    waiting: dict[Period, list[int]] = {}
    for index, now in enumerate(asked):
        waiting.setdefault(social_tariff_energy.end_of_quarter(now), []).append(index)
    kept = frozenset(asked)
    for now in moments(world, unit, max(waiting)):
        place(simulation, world, now)
        say(simulation, world, now, cents=cents)
        for variable in CARRIED:
            simulation.calculate(variable, now)
        if now in kept:
            _note(simulation, now)
        for index in waiting.pop(now, []):
            _read(simulation, asked[index], decided, index)
        _forget(simulation, now.offset(-2), kept)
    return decided


def moment(day: int, unit: str) -> Period:
    """The day or the month that begins on a day."""
    return periods.period(f"{unit}:{np.datetime64(day, 'D')}")


def moments(world: World, unit: str, last: Period) -> Iterator[Period]:
    """From the first day on which anything is said to the last one."""
    now = moment(world.start, unit)
    while now <= last:
        yield now
        now = now.offset(1)


def _note(simulation: Simulation, now: Period) -> None:
    """Calculate what is read later, while all that it rests on is there."""
    for right in RIGHTS:
        if right != "social_tariff_energy":
            simulation.calculate(right, now)
    simulation.calculate("social_tariff_extension", now)


def _read(
    simulation: Simulation,
    now: Period,
    decided: Mapping[str, NDArray[np.bool_]],
    index: int,
) -> None:
    for right, rows in decided.items():
        rows[index] = simulation.calculate(right, now)[: rows.shape[1]]


def _forget(simulation: Simulation, old: Period, kept: frozenset[Period]) -> None:
    """What was calculated for a moment, but for rights on the days asked."""
    asked = frozenset((*RIGHTS, "social_tariff_extension")) if old in kept else frozenset()
    for population in simulation.populations.values():
        for name, holder in population._holders.items():  # noqa: SLF001 - nothing public lists them
            if name not in asked:
                holder._memory_storage._arrays.pop(old, None)  # noqa: SLF001 - its own looks at all
