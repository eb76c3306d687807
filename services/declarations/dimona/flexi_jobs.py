"""Whether a person may take a flexi-job, as far as what was declared can show it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cache
from pathlib import Path

import yaml

from mesh.periods import Period, merge
from services.declarations import quarters
from services.declarations.dimona.domain import DimonaPeriod

NO_EMPLOYMENT = frozenset({"FLX", "STU", "EXT", "O17", "S17", "T17", "A17", "STG", "IVT"})
"""Worker types that do not count as the employment beside which a flexi-job is allowed."""


@dataclass(frozen=True, slots=True)
class Precondition:
    """Employment of at least a share of an earlier quarter, unless pensioned in another."""

    employment_quarters_before: int
    least_share: Fraction
    pension_quarters_before: int
    pension_qualities: frozenset[int]
    """In which the pensions service knows whoever is pensioned."""


def is_shown(begin: date, periods: Iterable[DimonaPeriod], pensions: Iterable[Period]) -> bool:
    """Whether the precondition is met by what is known: days covered by other employment in the
    third quarter before, or a pension in the second.
    """
    rule = precondition()
    retired = quarters.of(begin).before(rule.pension_quarters_before).period
    if any(pension.overlaps(retired) for pension in pensions):
        return True
    asked = quarters.of(begin).before(rule.employment_quarters_before).period
    worked = [
        common
        for period in periods
        if not period.cancelled and period.worker_type not in NO_EMPLOYMENT
        if (common := period.days.intersection(asked))
    ]
    days = sum((stretch.end - stretch.begin).days for stretch in merge(worked))
    return days >= rule.least_share * (asked.end - asked.begin).days


@cache
def precondition() -> Precondition:
    row = yaml.safe_load(Path(__file__).with_name("flexi_jobs.yaml").read_text("utf-8"))
    return Precondition(
        row["employment"]["quarters_before"],
        Fraction(row["employment"]["least_share"]),
        row["pension"]["quarters_before"],
        frozenset(row["pension"]["qualities"]),
    )
