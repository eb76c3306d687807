"""Decision by decision: ours, OpenFisca's with money in float32, and OpenFisca's in cents."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.oracle import components, decided, openfisca, persons
from bench.oracle.decided import Decisions
from services.rights.domain import Rule
from services.rights.spans import Flags

RIGHTS = (
    "right_to_increased_reimbursement",
    "social_tariff_energy",
    "reduced_train_card",
    "water_bill_reduction",
    "care_premium_reduction",
)


@dataclass(frozen=True, slots=True)
class Compared:
    """One right of all persons on all days asked; a decision is whether one has it on one day."""

    seed: int
    right: str
    holders: int
    """Persons who have it on any of the days."""
    same: int
    explained: int
    """Different, and the same once money is whole cents."""
    unexplained: int


async def compare(rules: Mapping[str, Rule], seed: int, count: int) -> Sequence[Compared]:
    """Raises ChildProcessError where OpenFisca's process fails."""
    population = persons.made(seed, count, rules["right_to_increased_reimbursement"])
    asked = persons.asked(seed)
    ours_of = {right: rule for right, rule in rules.items() if right in RIGHTS}
    with tempfile.TemporaryDirectory(prefix="crossroads-oracle-") as folder:
        theirs, ours = await asyncio.gather(
            openfisca.decide(population, asked, Path(folder)),
            asyncio.to_thread(decided.in_bulk, ours_of, population, asked),
        )
        differs = np.logical_or.reduce([ours[r] != theirs.decisions[r] for r in RIGHTS]).any(axis=0)
        again = components.closed(population, differs)
        exact: Decisions = {right: ours[right][:, again] for right in RIGHTS}
        if again.any():
            few = components.only(population, again)
            exact = (await openfisca.decide(few, asked, Path(folder), cents=True)).decisions
    return [
        told(seed, right, ours[right], theirs.decisions[right], exact[right], again)
        for right in RIGHTS
    ]


def told(seed: int, right: str, ours: Flags, theirs: Flags, exact: Flags, again: Flags) -> Compared:
    """`exact` has the persons `again` only: all in whose component anything differs."""
    different = ours != theirs
    unexplained = int((ours[:, again] != exact).sum())
    explained = int((different[:, again] & (ours[:, again] == exact)).sum())
    same = ours.size - explained - unexplained
    return Compared(seed, right, int(ours.any(axis=0).sum()), same, explained, unexplained)
