"""Withdrawal: a law that is there no more ends the rights that run by it.

From that day its version is named `<day>/withdrawn`: that is the reason which everybody is told
who was told of the right.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime

from mesh.clock import BRUSSELS
from mesh.periods import Period
from services.rights import decisions
from services.rights.decisions import Change
from services.rights.domain import Amounts, Decision, DecisionKind, Entitlement

WITHDRAWN = "withdrawn"


def version(on: date) -> str:
    return f"{on.isoformat()}/{WITHDRAWN}"


def day(of_version: str) -> date | None:
    """From which day there is no law; None where a version is one of a law."""
    begin, _, content = of_version.partition("/")
    return date.fromisoformat(begin) if content == WITHDRAWN else None


def changes(
    ssin: str,
    right: str,
    standing: Sequence[Decision],
    *,
    new_id: Callable[[], str],
    decided_at: datetime,
    caused_by: str,
) -> tuple[Change, ...]:
    """Days that are over stay; those to come are taken back. Nothing where that was done before."""
    today = decided_at.astimezone(BRUSSELS).date()
    left = [kept for decision in standing if (kept := _until(decision, today)) is not None]
    found = decisions.difference(
        ssin, right, standing, left, new_id=new_id, decided_at=decided_at, caused_by=caused_by
    )
    return tuple(replace(change, decision=_ended(change.decision, today)) for change in found)


def _until(decision: Decision, today: date) -> Entitlement | None:
    days = decision.period.intersection(Period(date.min, today))
    if days is None:
        return None
    amounts = _within(decision.amounts, days)
    return Entitlement(days, False, decision.ground, decision.version, amounts)


def _within(amounts: Amounts, days: Period) -> Amounts:
    cut = ((period.intersection(days), cents) for period, cents in amounts)
    return tuple((period, cents) for period, cents in cut if period is not None)


def _ended(decision: Decision, today: date) -> Decision:
    return replace(decision, kind=DecisionKind.ENDED, version=version(today))
