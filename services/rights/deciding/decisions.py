"""Decisions: what is entitled now against what was decided before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mesh.periods import Period
from services.rights.domain import Decision, DecisionKind, Entitlement


@dataclass(frozen=True, slots=True)
class Change:
    """A decision, and every day that it touches or touched: who lost days must hear too."""

    decision: Decision
    about: Period


def difference(
    ssin: str,
    right: str,
    standing: Sequence[Decision],
    entitled: Sequence[Entitlement],
    *,
    new_id: Callable[[], str],
    decided_at: datetime,
    caused_by: str,
) -> tuple[Change, ...]:
    """What must be decided so that what stands becomes what is entitled; nothing where they agree.

    `standing` is the newest decision of each entitlement that was not declared void.
    An entitlement that meets days decided before continues that decision.
    """
    changes: list[Change] = []
    left = sorted(standing, key=lambda d: d.period)
    for now in sorted(entitled, key=lambda e: e.period):
        before = next((d for d in left if d.period.touches(now.period)), None)
        if before is not None:
            left.remove(before)
        if before is not None and _stands(before, now):
            continue
        identifier = new_id()
        decision = Decision(
            id=identifier,
            entitlement_id=before.entitlement_id if before else identifier,
            ssin=ssin,
            right=right,
            kind=_kind(before, now),
            period=now.period,
            void=False,
            renewable=now.renewable,
            ground=now.ground,
            version=now.version,
            decided_at=decided_at,
            caused_by=caused_by,
            amounts=now.amounts,
        )
        changes.append(Change(decision, _about(before, now.period)))
    voided = (_voided(d, new_id(), decided_at, caused_by) for d in left)
    return (*(Change(d, d.period) for d in voided), *changes)


def _stands(before: Decision, now: Entitlement) -> bool:
    return (before.period, before.renewable, before.amounts) == (
        now.period,
        now.renewable,
        now.amounts,
    )


def _kind(before: Decision | None, now: Entitlement) -> DecisionKind:
    """Granted the first time; ended once the ground no longer carries it into the next year."""
    if before is None:
        return DecisionKind.GRANTED
    if before.renewable and not now.renewable:
        return DecisionKind.ENDED
    return DecisionKind.CHANGED


def _about(before: Decision | None, period: Period) -> Period:
    if before is None:
        return period
    return Period(min(before.period.begin, period.begin), max(before.period.end, period.end))


def _voided(before: Decision, identifier: str, decided_at: datetime, caused_by: str) -> Decision:
    """The end of a right that has no ground on any day any more."""
    return replace(
        before,
        id=identifier,
        kind=DecisionKind.ENDED,
        void=True,
        renewable=False,
        decided_at=decided_at,
        caused_by=caused_by,
        ticket="",
    )
