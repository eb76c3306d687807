"""Entitlements: windows that meet made one, and what a right is worth day by day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from mesh.periods import Period
from services.rights.deciding.persons import Span
from services.rights.deciding.question import Question
from services.rights.domain import Amounts, Entitlement
from services.rights.law.statute import Formula

Asked = tuple[Question, Sequence[Span]]
"""A formula asked of one of her homes, and the days on which a person is in it."""


def merged(opened: Iterable[Entitlement]) -> list[Entitlement]:
    """Neighbours made one; the ground that reaches furthest explains them."""
    found: list[Entitlement] = []
    for entitlement in sorted(opened, key=lambda e: (e.period, e.ground, e.version)):
        if found and found[-1].period.touches(entitlement.period):
            found[-1] = _joined(found[-1], entitlement)
        else:
            found.append(entitlement)
    return found


def worth(
    amount: Formula, homes: Sequence[Asked], alone: Asked, person: str, days: Span
) -> Iterator[tuple[Period, int]]:
    """What a formula comes to on each of some days: the most of her homes of that day, or alone."""
    covered = any(b <= days[0] and days[1] <= e for _, spans in homes for b, e in spans)
    asked = homes if covered else (*homes, alone)
    bounds = sorted({day for each, _ in asked for day in each.bounds(days)})
    for begin, end in pairwise(bounds):
        there = [each for each, spans in homes if any(b <= begin < e for b, e in spans)]
        situations = [each.situation(begin, person) for each in there or [alone[0]]]
        yield Period(begin, end), max(amount.answer(s, s.person) for s in situations)


def schedule(worth: Iterable[tuple[Period, int]]) -> Amounts:
    """The same, in order, in the fewest periods."""
    joined: list[tuple[Period, int]] = []
    for period, cents in sorted(worth):
        if joined and joined[-1][1] == cents and joined[-1][0].end == period.begin:
            joined[-1] = (Period(joined[-1][0].begin, period.end), cents)
        else:
            joined.append((period, cents))
    return tuple(joined)


def _joined(one: Entitlement, other: Entitlement) -> Entitlement:
    further = max(one, other, key=lambda e: (e.ground.end, e.ground.begin, e.version))
    return Entitlement(
        Period(one.period.begin, max(one.period.end, other.period.end)),
        one.renewable or other.renewable,
        further.ground,
        further.version,
    )
