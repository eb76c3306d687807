"""Ours beside OpenFisca's in one run: the same rights of the same persons in the same months.

The world's days are firsts of months, so that OpenFisca may go by months, as it is meant to, and
still decides the same. Both decide from facts in memory; its clock runs while a simulation is made
and calculated.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import services.rights
from bench.oracle import decided, monthly, openfisca, persons
from bench.oracle.comparison import RIGHTS
from bench.oracle.decided import Decisions
from bench.results import Measure
from services.rights import rulebook
from services.rights.domain import Rule, World
from services.rights.population import Population
from services.rights.spans import number

SEED = 5
BULK = 200_000
HOUSEHOLDS = 60
MOST = 6
"""Persons of a household."""
SINCE = date(2024, 1, 1)
"""From then on the facts are needed that decide the rights of the months asked."""
MONTHS = tuple(date(2026, month, 1) for month in range(1, 13))
NOW = date(2026, 6, 1)
"""The month for which one household is decided."""


async def run(bulk: int = BULK) -> list[Measure]:
    """Raises ChildProcessError where the two decide differently, or OpenFisca's process fails."""
    if not openfisca.is_there():
        raise ChildProcessError("OpenFisca is not installed: `make oracle` does")
    law = rulebook.load(Path(services.rights.__file__).parent).rules
    rules = {right: rule for right, rule in law.items() if right in RIGHTS}
    made = persons.made(SEED, bulk, rules["right_to_increased_reimbursement"], SINCE)
    world = monthly.rounded(made)
    with tempfile.TemporaryDirectory(prefix="crossroads-oracle-") as folder:
        return [
            *await _events(rules, world, Path(folder)),
            *await _bulk(rules, world, Path(folder)),
        ]


async def _events(rules: Mapping[str, Rule], world: Population, folder: Path) -> list[Measure]:
    few, apart = monthly.apart(world, HOUSEHOLDS, MOST)
    asked = _numbers((NOW,))
    theirs = await openfisca.decide(
        few, asked, folder, cents=True, unit="month", apart=apart, since=SINCE
    )
    facts, homes = decided.world(few)
    began = time.perf_counter()
    ours = decided.by_household(rules, RIGHTS, few, World(facts, homes), apart, asked)
    seconds = time.perf_counter() - began
    _demand_same(ours, theirs.decisions)
    return _side_by_side("rights_event", HOUSEHOLDS, "households", seconds, theirs.seconds)


async def _bulk(rules: Mapping[str, Rule], world: Population, folder: Path) -> list[Measure]:
    asked = _numbers(MONTHS)
    theirs = await openfisca.decide(world, asked, folder, cents=True, unit="month", since=SINCE)
    began = time.perf_counter()
    ours = decided.in_bulk(rules, world, asked)
    seconds = time.perf_counter() - began
    _demand_same(ours, theirs.decisions)
    return _side_by_side("rights_bulk", len(world), "persons", seconds, theirs.seconds)


def _side_by_side(
    name: str, count: int, what: str, ours_s: float, theirs_s: float
) -> list[Measure]:
    ours, theirs = count / ours_s, count / theirs_s
    return [
        Measure(f"{name}_per_s", ours, "1/s", f"{what}, five rights"),
        Measure(f"{name}_openfisca_per_s", theirs, "1/s", f"{what}, the same rights"),
        Measure(
            f"{name}_ratio_to_openfisca",
            ours / theirs,
            "",
            f"openfisca-core {theirs:,.1f} {what} a second",
            ours / theirs,
        ),
    ]


def _numbers(days: tuple[date, ...]) -> NDArray[np.int64]:
    return np.array([number(day) for day in days])


def _demand_same(ours: Decisions, theirs: Decisions) -> None:
    different = [right for right in RIGHTS if (ours[right] != theirs[right]).any()]
    if different:
        raise ChildProcessError(f"decided differently: {', '.join(different)}")
