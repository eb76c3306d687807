"""What a decision takes of a person: who knows her, in which quality, in how much of a period."""

from __future__ import annotations

from typing import TypeAlias

from mesh.institutions import Institution
from mesh.periods import Period
from services.router.domain import Person

Standing: TypeAlias = frozenset[tuple[Institution, int, Period | bool]]
"""Of each inscription the part within the period: True is all of it, False none."""


def of(person: Person, period: Period) -> Standing:
    """Persons with the same standing are decided on alike, as long as both are known or neither."""
    return frozenset(
        (one.institution, one.quality, _within(one.period, period)) for one in person.inscriptions
    )


def _within(known: Period, period: Period) -> Period | bool:
    return known.covers(period) or known.intersection(period) or False
