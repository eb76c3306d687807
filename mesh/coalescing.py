"""Coalescing: what queues while a batch is in flight leaves together. No timers."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import grpc

from mesh.refusals import Refusal

Q = TypeVar("Q")
A = TypeVar("A")


class Coalescer(Generic[Q, A]):
    """Turns many single questions into few batches.

    `ask` gets a list of questions and gives as many answers, in the same order; an answer
    that is an exception is raised for its own caller only. An exception from `ask` itself
    is raised for every caller of that batch. A queue longer than `queue` refuses
    with RESOURCE_EXHAUSTED.
    """

    def __init__(
        self,
        ask: Callable[[list[Q]], Awaitable[Sequence[A | BaseException]]],
        *,
        name: str,
        most: int = 256,
        queue: int = 10_000,
        in_flight: int = 1,
    ) -> None:
        self._ask = ask
        self.name = name
        self._most = most
        self._queue = queue
        self._in_flight = in_flight
        self._waiting: deque[tuple[Q, asyncio.Future[A]]] = deque()
        self._running: set[asyncio.Task[None]] = set()

    async def __call__(self, question: Q) -> A:
        if len(self._waiting) >= self._queue:
            raise Refusal(
                grpc.StatusCode.RESOURCE_EXHAUSTED,
                "OVERLOADED",
                metadata={"queue": self.name},
                retry_after=1.0,
            )
        future: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, future))
        if len(self._running) < self._in_flight:
            self._start()
        return await future

    def _start(self) -> None:
        task = asyncio.get_running_loop().create_task(self._leave())
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _leave(self) -> None:
        """Send batches until nothing waits."""
        while batch := self._take():
            try:
                answers = await self._ask([question for question, _ in batch])
            except BaseException as error:
                for _, future in batch:
                    if not future.done():
                        future.set_exception(_for_caller(error))
                if isinstance(error, asyncio.CancelledError):
                    raise
                continue
            for (_, future), answer in zip(batch, answers, strict=True):
                if future.done():
                    continue
                if isinstance(answer, BaseException):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)

    def _take(self) -> list[tuple[Q, asyncio.Future[A]]]:
        """The next batch; callers who gave up are left out."""
        batch: list[tuple[Q, asyncio.Future[A]]] = []
        while self._waiting and len(batch) < self._most:
            question, future = self._waiting.popleft()
            if not future.done():
                batch.append((question, future))
        return batch


def _for_caller(error: BaseException) -> BaseException:
    """A batch that was cancelled tells its callers so as a refusal, not as their own cancellation."""
    if isinstance(error, asyncio.CancelledError):
        return Refusal(grpc.StatusCode.UNAVAILABLE, "UNAVAILABLE")
    return error
