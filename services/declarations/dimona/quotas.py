"""How far a person's plans go beyond what she may work in a worker type, from `quotas.yaml`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from mesh.periods import Period, merge
from services.declarations import quarters
from services.declarations.dimona.domain import DimonaPeriod

HOURS, DAYS, YEAR = "hours", "days", "year"
THIRD_QUARTER = 7
"""The month in which it begins."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What holds from a day on."""

    since: date
    most: int
    most_in_third_quarter: int


@dataclass(frozen=True, slots=True)
class Quota:
    """At most so many hours planned, or days, in a year or a quarter."""

    name: str
    worker_type: str
    joint_commission: str
    unit: str
    span: str
    source: str
    limits: tuple[Limit, ...]

    def about(self, period: DimonaPeriod) -> bool:
        return period.worker_type == self.worker_type and (
            not self.joint_commission or period.joint_commission == self.joint_commission
        )

    def span_of(self, day: date) -> Period:
        """The year or quarter of a day, half-open."""
        if self.span == YEAR:
            return Period(date(day.year, 1, 1), date(day.year + 1, 1, 1))
        return quarters.of(day).period

    def most(self, span: Period) -> int | None:
        """What holds at the begin of a span. None: nothing did yet."""
        held = [limit for limit in self.limits if limit.since <= span.begin]
        if not held:
            return None
        limit = held[-1]
        in_third = self.span != YEAR and span.begin.month == THIRD_QUARTER
        return limit.most_in_third_quarter if in_third else limit.most


@dataclass(frozen=True, slots=True)
class Excess:
    """A quota, and by how much it is exceeded."""

    quota: Quota
    by: int


def exceeded(candidate: DimonaPeriod, periods: Iterable[DimonaPeriod]) -> Iterator[Excess]:
    """Quotas that the candidate, beside the person's other periods that stand, goes beyond."""
    others = [p for p in periods if not p.cancelled and p.id != candidate.id]
    for quota in _all():
        if not quota.about(candidate):
            continue
        span = quota.span_of(candidate.days.begin)
        most = quota.most(span)
        total = _total(quota, span, [candidate, *filter(quota.about, others)])
        if most is not None and total > most:
            yield Excess(quota, total - most)


def _total(quota: Quota, span: Period, periods: list[DimonaPeriod]) -> int:
    """Hours count where the period begins, which is where it ends; days count once each."""
    if quota.unit == HOURS:
        planned = [p.planned_hours for p in periods if p.days.begin in span]
        return sum(int(text) for text in planned if text.isascii() and text.isdecimal())
    met = [common for p in periods if (common := p.days.intersection(span))]
    return sum((days.end - days.begin).days for days in merge(met))


@cache
def _all() -> tuple[Quota, ...]:
    rows = yaml.safe_load(Path(__file__).with_name("quotas.yaml").read_text("utf-8"))
    return tuple(_quota(row) for row in rows)


def _quota(row: dict[str, Any]) -> Quota:
    return Quota(
        name=row["name"],
        worker_type=row["worker_type"],
        joint_commission=row.get("joint_commission", ""),
        unit=row["unit"],
        span=row["span"],
        source=row["source"],
        limits=tuple(
            Limit(value["from"], value["most"], value.get("most_in_third_quarter", value["most"]))
            for value in row["values"]
        ),
    )
