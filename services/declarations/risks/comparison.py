"""What was anticipated of a quarter beside what was then declared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from services.declarations.risks.domain import (
    WARNING,
    Anomaly,
    Difference,
    Filled,
    Quarter,
    Risk,
    Source,
    anticipated,
)

DISCORDANT, NOT_DECLARED = "176", "182"
TAGS = {"00063": "ServiceNbrDays", "00064": "ServiceNbrHours", "00070": "RemunAmount"}
"""The elements that are compared; amounts of one code are added up, however they were split."""


def differences(before: Quarter, after: Quarter) -> tuple[Difference, ...]:
    """Every total, by worker code and code, that is not the same; in a fixed order."""
    ahead, declared = _totals(before), _totals(after)
    return tuple(
        Difference(after.quarter, *key, ahead[key], declared[key])
        for key in sorted(ahead.keys() | declared.keys())
        if ahead[key] != declared[key]
    )


def arrived(risk: Risk, declared: Mapping[str, Quarter]) -> Risk | None:
    """The risk once quarters that it awaited are declared; None where nothing came of it."""
    came = [quarter for quarter in risk.awaited() if quarter in declared]
    if not came:
        return None
    ahead = anticipated(risk.quarters)
    found = [d for q in came if q in ahead for d in differences(ahead[q], declared[q])]
    return replace(
        risk,
        quarters=tuple(
            Filled(f.quarter, Source.DECLARED, declared[f.quarter]) if f.quarter in came else f
            for f in risk.quarters
        ),
        differences=(*risk.differences, *found),
        version=risk.version + 1,
    )


def anomalies(found: tuple[Difference, ...]) -> tuple[Anomaly, ...]:
    """Differences as the declarer is told of them; they refuse nothing."""
    return tuple(
        Anomaly(
            f"{one.zone}-{DISCORDANT if one.declared else NOT_DECLARED}",
            TAGS[one.zone],
            str(one.anticipated),
            WARNING,
            f"{one.quarter},{one.worker_code},{one.code}",
        )
        for one in found
    )


def _totals(quarter: Quarter) -> Counter[tuple[str, str, str]]:
    totals: Counter[tuple[str, str, str]] = Counter()
    for line in quarter.lines:
        if line.zone in TAGS:
            totals[line.zone, line.worker_code.zfill(3), line.code.zfill(3)] += line.amount
    return totals
