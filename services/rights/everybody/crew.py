"""A crew: the same work on many parts, by threads here or by the workers of a Dask scheduler."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

Part = TypeVar("Part")
Done = TypeVar("Done")
AHEAD = 2
"""Parts that wait for each worker, so that none is idle and few are in memory."""


class NoDask(RuntimeError):  # noqa: N818 - it states what is missing
    """A scheduler was named, and the extra `dask` is not installed."""


class Promise(Protocol):
    """Something that will be there."""

    def result(self) -> Any:
        """Wait for it. Raises what the work raised."""
        ...


@dataclass(frozen=True, slots=True)
class Crew:
    """Who does the work: threads of this process, or those whom a scheduler has."""

    scheduler: str = ""
    """Such as `tcp://10.0.0.1:8786`; empty: threads."""
    workers: int = len(os.sched_getaffinity(0))

    def each(self, work: Callable[[Part], Done], parts: Iterable[Part]) -> Iterator[Done]:
        """What comes of each part, in their order. Raises NoDask, and what the work raises."""
        waiting: deque[Promise] = deque()
        with self._working(work) as send:
            for part in parts:
                waiting.append(send(part))
                if len(waiting) > self.workers * AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    @contextmanager
    def _working(self, work: Callable[[Any], object]) -> Iterator[Callable[[object], Promise]]:
        if not self.scheduler:
            with ThreadPoolExecutor(self.workers, "census") as threads:
                yield lambda part: threads.submit(work, part)
            return
        try:
            from distributed import Client  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise NoDask("a scheduler needs the extra: pip install crossroads[dask]") from error
        with Client(self.scheduler, set_as_default=False) as client:  # type: ignore[no-untyped-call]
            yield lambda part: client.submit(work, client.scatter(part), pure=False)
