"""Coalescing: what queues while a batch is in flight leaves together. No timers."""

from __future__ import annotations

import asyncio
import contextvars
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import grpc

from mesh import telemetry
from mesh.refusals import Refusal

QUIET_TURNS = 3
"""Turns of the loop without a newcomer after which a batch leaves."""
Q = TypeVar("Q")
A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Waiting(Generic[Q, A]):
    """A question, its caller's future, and the span it belongs to."""

    question: Q
    future: asyncio.Future[A]
    traceparent: str
    rides: bool


class Coalescer(Generic[Q, A]):
    """Turns many single questions into few batches.

    `ask` gets a list of questions and gives as many answers, in the same order; an answer
    that is an exception is raised for its own caller only. An exception from `ask` itself
    is raised for every caller of that batch. A queue longer than `queue` refuses
    with RESOURCE_EXHAUSTED. While one batch is in flight another leaves only when `enough`
    wait for it, and never more than `in_flight` at once: few large batches cost least.
    """

    def __init__(
        self,
        ask: Callable[[list[Q]], Awaitable[Sequence[A | BaseException]]],
        *,
        name: str,
        most: int = 256,
        queue: int = 10_000,
        in_flight: int = 1,
        enough: int = 64,
    ) -> None:
        self._ask = ask
        self.name = name
        self._most = most
        self._queue = queue
        self._in_flight = in_flight
        self._enough = enough
        self._waiting: deque[Waiting[Q, A]] = deque()
        self._running: set[asyncio.Task[None] | None] = set()

    async def __call__(self, question: Q) -> A:
        return await self.ask(question)

    def ask(self, question: Q) -> asyncio.Future[A]:
        """Ask without waiting."""
        future = self._enqueue(question, rides=False)
        if not self._running or (
            len(self._running) < self._in_flight and len(self._waiting) >= self._enough
        ):
            self._start()
        return future

    async def together(self, questions: Sequence[Q]) -> list[A]:
        """Ask several at once; raises the first failure once all have ended."""
        futures = [self.ask(question) for question in questions]
        await asyncio.gather(*futures, return_exceptions=True)
        return [future.result() for future in futures]

    def ride(self, question: Q) -> asyncio.Future[A]:
        """Queue what is not urgent: it leaves with the next batch, or with `flush`."""
        return self._enqueue(question, rides=True)

    def flush(self) -> None:
        """Let what waits leave now."""
        if self._waiting and not self._running:
            self._start()

    def _enqueue(self, question: Q, *, rides: bool) -> asyncio.Future[A]:
        if len(self._waiting) >= self._queue:
            raise Refusal(
                grpc.StatusCode.RESOURCE_EXHAUSTED,
                "OVERLOADED",
                metadata={"queue": self.name},
                retry_after=1.0,
            )
        future: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append(Waiting(question, future, telemetry.traceparent(), rides))
        return future

    def _start(self) -> None:
        loop = asyncio.get_running_loop()
        # A batch belongs to no single caller: it starts without the first one's identity.
        self._running.add(loop.create_task(self._leave(), context=contextvars.Context()))

    async def _leave(self) -> None:
        """Send batches until nothing waits.

        Leaving off and no longer counting as running are one step: whoever asks next starts anew.
        """
        try:
            while self._waiting:
                await self._gather()
                if batch := self._take():
                    await self._answer(batch)
        finally:
            self._running.discard(asyncio.current_task())

    async def _gather(self) -> None:
        """Let the loop turn as long as that brings more: callers come in bursts."""
        seen = quiet = 0
        while quiet < QUIET_TURNS and len(self._waiting) < self._most:
            quiet = 0 if len(self._waiting) > seen else quiet + 1
            seen = len(self._waiting)
            await asyncio.sleep(0)

    async def _answer(self, batch: list[Waiting[Q, A]]) -> None:
        try:
            answers = await self._ask_in_span(batch)
        except BaseException as error:
            for waiting in batch:
                if not waiting.future.done():
                    waiting.future.set_exception(_for_caller(error))
            if isinstance(error, asyncio.CancelledError):
                raise
            return
        for waiting, answer in zip(batch, answers, strict=True):
            if waiting.future.done():
                continue
            if isinstance(answer, BaseException):
                waiting.future.set_exception(answer)
            else:
                waiting.future.set_result(answer)

    async def _ask_in_span(self, batch: list[Waiting[Q, A]]) -> Sequence[A | BaseException]:
        """Ask within a span that is a child of the first member's and links to the others'.

        What merely rides along comes last: the batch belongs to who made it leave.
        """
        members = sorted(batch, key=lambda waiting: waiting.rides)
        parents = list(dict.fromkeys(w.traceparent for w in members if w.traceparent))
        with telemetry.span(
            f"batch {self.name}",
            parent=parents[0] if parents else "",
            links=parents[1:],
            crossroads__batch=len(batch),
        ):
            answers = await self._ask([waiting.question for waiting in batch])
        if len(answers) != len(batch):
            raise ValueError(f"{self.name}: {len(answers)} answers to {len(batch)} questions")
        return answers

    def _take(self) -> list[Waiting[Q, A]]:
        """The next batch; callers who gave up are left out."""
        batch: list[Waiting[Q, A]] = []
        while self._waiting and len(batch) < self._most:
            waiting = self._waiting.popleft()
            if not waiting.future.done():
                batch.append(waiting)
        return batch


def _for_caller(error: BaseException) -> BaseException:
    """A batch that was cancelled is a refusal to its callers, not their own cancellation."""
    if isinstance(error, asyncio.CancelledError):
        return Refusal(grpc.StatusCode.UNAVAILABLE, "UNAVAILABLE")
    return error
