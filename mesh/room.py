"""Room for calls: only so many are under way at once; who finds none is told when to return."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

import grpc
from grpc_status import rpc_status

from mesh import refusals
from mesh.refusals import Refusal

LEAST_S, MOST_S = 0.1, 30.0
WEIGHT = 0.02
"""Of one call in the average of how long calls take."""
TOO_LATE_S = 0.5
"""Once calls wait so long before they are looked at none is taken in until fewer wait: a call
that has waited long is better told than kept, and telling takes less than answering."""
BUSY_S = 1.0
"""How long after it was full a room may still have a queue before it."""


class Room:
    """Places for calls under way. `clock` gives seconds that never go back.

    `waits` tells how long calls now wait before they come to this room.
    """

    def __init__(
        self,
        most: int,
        clock: Callable[[], float] = time.monotonic,
        waits: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._most = most
        self._clock = clock
        self._waits = waits
        self._taken = 0
        self._takes_s = LEAST_S
        self._full_at = float("-inf")

    @property
    def is_full(self) -> bool:
        full = self._taken >= self._most or self._waits() > TOO_LATE_S
        if full:
            self._full_at = self._clock()
        return full

    @property
    def is_busy(self) -> bool:
        """Whether it was full a moment ago."""
        return self._clock() - self._full_at < BUSY_S

    @property
    def retry_s(self) -> float:
        """When to come back: how long calls wait and take now, to a tenth of a second.

        By then all that are under way will have gone.
        """
        return round(min(max(self._takes_s + self._waits(), LEAST_S), MOST_S), 1)

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place. Raises RESOURCE_EXHAUSTED where none is left, with a time to come back."""
        if self.is_full:
            raise Refusal(
                grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED", retry_after=self.retry_s
            )
        self._taken += 1
        began = self._clock()
        try:
            yield
        finally:
            self._taken -= 1
            self._takes_s += (self._clock() - began - self._takes_s) * WEIGHT


@cache
def status_of_full(retry_after: float) -> grpc.Status:
    """What a full process tells; made once for each time to come back, as it has no time then."""
    full = Refusal(grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED", retry_after=retry_after)
    return rpc_status.to_status(refusals.status_of(full))
