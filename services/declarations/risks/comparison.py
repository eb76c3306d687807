"""What was anticipated or filled in of a quarter beside what was then declared or corrected."""

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
    """The risk once its quarters are declared or corrected; None where nothing came of it.

    What was anticipated is set beside what came, and what had been filled in beside what it was
    corrected to. A quarter that was taken back is missing again.
    """
    told = [_filled(filled, declared.get(filled.quarter)) for filled in risk.quarters]
    quarters = tuple(filled for filled, _ in told)
    if quarters == risk.quarters:
        return None
    return replace(
        risk,
        quarters=quarters,
        differences=(*risk.differences, *(one for _, found in told for one in found)),
        version=risk.version + 1,
    )


def _filled(before: Filled, now: Quarter | None) -> tuple[Filled, tuple[Difference, ...]]:
    """A quarter of a risk by what is declared of it now, and what differs from what it held."""
    if before.source is not Source.DECLARED:
        if now is None:
            return before, ()
        found = differences(before.content, now) if before.content else ()
        return Filled(before.quarter, Source.DECLARED, now), found
    found = differences(before.content or Quarter(before.quarter), now or Quarter(before.quarter))
    if now is None:
        return Filled(before.quarter, Source.MISSING), found
    return (Filled(before.quarter, Source.DECLARED, now), found) if found else (before, ())


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
