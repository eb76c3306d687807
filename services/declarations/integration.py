"""On which days a worker begins or ceases to be known by a Dimona."""

from __future__ import annotations

from collections.abc import Iterable

from mesh.periods import Period, merge


def gained(before: Iterable[Period], after: Iterable[Period]) -> tuple[Period, ...]:
    """The days in `after` that are in none of `before`."""
    rest = merge(after)
    for period in before:
        rest = tuple(piece for whole in rest for piece in whole.minus(period))
    return rest
