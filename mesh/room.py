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


class Room:
    """Places for calls under way. `clock` gives seconds that never go back."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._taken = 0
        self._takes_s = LEAST_S

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place. Raises RESOURCE_EXHAUSTED where none is left, with a time to come back.

        That is how long calls take now, to a tenth of a second: by then all that are under way
        will have gone.
        """
        if self._taken >= self._most:
            raise Refusal(
                grpc.StatusCode.RESOURCE_EXHAUSTED,
                "OVERLOADED",
                retry_after=round(min(max(self._takes_s, LEAST_S), MOST_S), 1),
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
