"""Decision by decision: ours, OpenFisca's with money in float32, and OpenFisca's in cents."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.oracle import decided, openfisca, persons
from services.rights.domain import Rule
from services.rights.everybody.spans import Flags

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
    """With either money."""
    explained: int
    """Different from OpenFisca's in float32, and the same once its money is whole cents."""
    unexplained: int
    """Different although its money is whole cents."""


async def compare(rules: Mapping[str, Rule], seed: int, count: int) -> Sequence[Compared]:
    """Raises ChildProcessError where OpenFisca's process fails."""
    population = persons.made(seed, count, rules["right_to_increased_reimbursement"])
    asked = persons.asked(seed)
    ours = decided.in_bulk(
        {right: rules[right] for right in rules if right in RIGHTS}, population, asked
    )
    with tempfile.TemporaryDirectory(prefix="crossroads-oracle-") as folder:
        floats, exact = await asyncio.gather(
            *(
                openfisca.decide(population, asked, Path(folder), cents=cents)
                for cents in (False, True)
            )
        )
    return [
        told(seed, right, ours[right], floats.decisions[right], exact.decisions[right])
        for right in RIGHTS
    ]


def told(seed: int, right: str, ours: Flags, floats: Flags, exact: Flags) -> Compared:
    """`floats` and `exact` are OpenFisca's, with either money."""
    holders, unexplained = int(ours.any(axis=0).sum()), int((ours != exact).sum())
    explained = int(((ours == exact) & (ours != floats)).sum())
    same = ours.size - explained - unexplained
    return Compared(seed, right, holders, same, explained, unexplained)
