"""Latencies summed up."""

from __future__ import annotations

import math
from collections.abc import Sequence


def quantile(ordered: Sequence[float], share: float) -> float:
    """The smallest that at least this share does not exceed; 0 where nothing was measured.

    By nearest rank, so that it is a latency that somebody had. `ordered` is sorted.
    """
    if not ordered:
        return 0.0
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]


def quantile_ms(ordered_s: Sequence[float], share: float) -> float:
    return quantile(ordered_s, share) * 1000
