"""Ours beside OpenFisca's in one run: the same rights of the same persons in the same months.

The world's days are firsts of months, so that OpenFisca may go by months, as it is meant to, and
still decides the same. Both decide from facts in memory; its clock runs while a simulation is made
and calculated.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import services.rights
from bench.oracle import decided, monthly, openfisca, persons
from bench.oracle.comparison import RIGHTS
from bench.oracle.decided import Decisions
from bench.results import Measure
from services.rights.domain import Rule, World
from services.rights.everybody.population import Population
from services.rights.everybody.spans import number
from services.rights.law import rulebook

SEED = 5
BULK = 200_000
HOUSEHOLDS = 60
MOST = 6
"""Persons of a household."""
SINCE = date(2024, 1, 1)
"""From then on the facts are needed that decide the rights of the months asked."""
TURNS = 3
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
    facts, homes = decided.world(few)
    return await _side_by_side(
        "rights_event",
        HOUSEHOLDS,
        "households",
        lambda: decided.by_household(rules, RIGHTS, few, World(facts, homes), apart, asked),
        partial(openfisca.decide, few, asked, folder, apart=apart),
    )


async def _bulk(rules: Mapping[str, Rule], world: Population, folder: Path) -> list[Measure]:
    asked = _numbers(MONTHS)
    return await _side_by_side(
        "rights_bulk",
        len(world),
        "persons",
        lambda: decided.in_bulk(rules, world, asked),
        partial(openfisca.decide, world, asked, folder),
    )


async def _side_by_side(
    name: str,
    count: int,
    what: str,
    decide: Callable[[], Decisions],
    let_decide: Callable[..., Awaitable[openfisca.Answer]],
) -> list[Measure]:
    """In turns, and of each the fastest turn: others use this machine too."""
    took, theirs_took = [], []
    for _ in range(TURNS):
        theirs = await let_decide(cents=True, unit="month", since=SINCE)
        began = time.perf_counter()
        ours = decide()
        took.append(time.perf_counter() - began)
        theirs_took.append(theirs.seconds)
        _demand_same(ours, theirs.decisions)
    per_s, their_per_s = count / min(took), count / min(theirs_took)
    ratio, beside = per_s / their_per_s, f"OpenFisca {their_per_s:,.0f}/s"
    return [
        Measure(f"{name}_{what}_per_s", per_s, "1/s", beside),
        Measure(f"{name}_ratio_to_openfisca", ratio, "", beside, ratio),
    ]


def _numbers(days: tuple[date, ...]) -> NDArray[np.int64]:
    return np.array([number(day) for day in days])


def _demand_same(ours: Decisions, theirs: Decisions) -> None:
    different = [right for right in RIGHTS if (ours[right] != theirs[right]).any()]
    if different:
        raise ChildProcessError(f"decided differently: {', '.join(different)}")
