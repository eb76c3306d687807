"""Rounds: what may be announced in one call.

Where a call fails for some of what it carries, the others stand: so what follows something on the
same right of the same person waits for the next call.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

T = TypeVar("T")


def of(items: Iterable[T], about: Callable[[T], Hashable]) -> list[list[T]]:
    """Each item in the round after that of the one before it about the same; order is kept."""
    rounds: list[list[T]] = []
    seen: Counter[Hashable] = Counter()
    for item in items:
        number = seen[about(item)]
        seen[about(item)] += 1
        if number == len(rounds):
            rounds.append([])
        rounds[number].append(item)
    return rounds
