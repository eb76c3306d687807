"""Waivers: rights that a person has and does without, and what their recipients are told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from mesh.periods import Period, merge
from services.rights.domain import Amounts, Decision, DecisionKind, Entitlement, Rule
from services.rights.law import workdays


@dataclass(frozen=True, slots=True)
class Waiver:
    """That a person does without a right from a day on, until she takes it up again."""

    id: str
    ssin: str
    right: str
    begin: date
    decision_id: str
    """After which it was waived."""
    recorded_by: str
    recorded_at: datetime
    end: date = date.max
    """The first day on which she has it again; on or before `begin` it is undone altogether."""
    revoked_by: str = ""
    revoked_at: datetime | None = None

    @property
    def days(self) -> Period | None:
        return Period(self.begin, self.end) if self.begin < self.end else None


class Hindrance(StrEnum):
    """Why a right cannot be waived."""

    NO_WAIVER = "NO_WAIVER"
    NOTHING_TO_WAIVE = "NOTHING_TO_WAIVE"
    WAIVER_TOO_LATE = "WAIVER_TOO_LATE"
    WAIVED_ALREADY = "WAIVED_ALREADY"


@dataclass(frozen=True, slots=True)
class Hindered:
    """Why not, and what to tell of it."""

    why: Hindrance
    about: dict[str, str]


@dataclass(frozen=True, slots=True)
class Notice:
    """What the recipients of a right are told after a decision or a waiver."""

    kind: DecisionKind
    void: bool
    """It holds on no day any more."""
    period: Period
    """The days on which it now holds; where it is void, those on which it held."""
    about: Period
    """Every day that it touches or touched: who lost days must hear too."""
    amounts: Amounts


def days(waivers: Iterable[Waiver], right: str) -> tuple[Period, ...]:
    """The days on which a person does without a right, as the fewest periods."""
    return merge(w.days for w in waivers if w.right == right and w.days is not None)


def applied(
    entitlements: Sequence[Entitlement], waived: Sequence[Period]
) -> tuple[Entitlement, ...]:
    """What is left of entitlements; a piece that loses its end is not extended any more."""
    return tuple(
        replace(
            entitled,
            period=piece,
            renewable=entitled.renewable and piece.end == entitled.period.end,
            amounts=_clipped(entitled.amounts, piece),
        )
        for entitled in entitlements
        for piece in _left(entitled.period, waived)
    )


def had(decision: Decision, waived: Sequence[Period]) -> tuple[Decision, ...]:
    """A decision as its recipients see it: a piece for each run of days that is not waived."""
    if decision.void:
        return ()
    pieces = _left(decision.period, waived)
    if pieces == [decision.period]:
        return (decision,)
    return tuple(
        replace(
            decision,
            period=piece,
            renewable=decision.renewable and piece.end == decision.period.end,
            amounts=_clipped(decision.amounts, piece),
        )
        for piece in pieces
    )


def on_decision(
    before: Decision | None, after: Decision, waived: Sequence[Period]
) -> tuple[Notice, ...]:
    """What a new decision tells, where the person does without the right on some days."""
    if before is not None and before.void:
        before = None
    return _notices(had(before, waived) if before else (), had(after, waived))


def on_waiver(
    decision: Decision, before: Sequence[Period], after: Sequence[Period]
) -> tuple[Notice, ...]:
    """What a waiver or its revocation tells about a decision that stands."""
    return _notices(had(decision, before), had(decision, after))


def possible(
    rule: Rule, standing: Iterable[Decision], waived: Sequence[Period], begin: date, today: date
) -> Decision | Hindered:
    """The decision after which a right can be waived from a day on, or why it cannot.

    The term runs from the last decision on the right; the days may be earlier than today.
    """
    found = [d for d in standing if d.right == rule.id and not d.void and begin in d.period]
    if not found:
        return Hindered(Hindrance.NOTHING_TO_WAIVE, {"day": begin.isoformat()})
    decision = found[0]
    version = next((v for v in rule.versions if v.name == decision.version), rule.versions[-1])
    if version.waivable_workdays is None:
        return Hindered(Hindrance.NO_WAIVER, {})
    if any(begin in period for period in waived):
        return Hindered(Hindrance.WAIVED_ALREADY, {})
    last_day = workdays.after(decision.decided_on, version.waivable_workdays)
    if today > last_day:
        return Hindered(
            Hindrance.WAIVER_TOO_LATE,
            {"last_day": last_day.isoformat(), "working_days": str(version.waivable_workdays)},
        )
    return decision


def _notices(before: Sequence[Decision], after: Sequence[Decision]) -> tuple[Notice, ...]:
    """From the pieces that were told to those that hold; nothing where they agree."""
    told: list[Notice] = []
    left = list(before)
    for piece in after:
        once = next((b for b in left if b.period.touches(piece.period)), None)
        if once is not None:
            left.remove(once)
            if _seen(once) == _seen(piece):
                continue
        told.append(_notice(once, piece))
    voided = [Notice(DecisionKind.ENDED, True, b.period, b.period, b.amounts) for b in left]
    return (*voided, *told)


def _notice(before: Decision | None, after: Decision) -> Notice:
    if before is None:
        return Notice(DecisionKind.GRANTED, False, after.period, after.period, after.amounts)
    ended = (before.renewable and not after.renewable) or (
        before.id == after.id and after.period.end < before.period.end
    )
    about = Period(
        min(before.period.begin, after.period.begin), max(before.period.end, after.period.end)
    )
    kind = DecisionKind.ENDED if ended else DecisionKind.CHANGED
    return Notice(kind, False, after.period, about, after.amounts)


def _seen(piece: Decision) -> tuple[object, ...]:
    return (piece.period, piece.renewable, piece.amounts)


def _left(period: Period, waived: Sequence[Period]) -> list[Period]:
    left = [period]
    for days_without in waived:
        left = [piece for whole in left for piece in whole.minus(days_without)]
    return left


def _clipped(amounts: Amounts, period: Period) -> Amounts:
    clipped = ((days.intersection(period), cents) for days, cents in amounts)
    return tuple((days, cents) for days, cents in clipped if days is not None)
