"""Questions as they come, answers as they are ready, and only so many under way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")


class Stream(Generic[Q, A]):
    """Answers a stream of questions.

    A question is under way from when it is read until its answer has been taken; while
    `most` are, no further one is read. So neither a fast asker nor a slow reader fills memory.
    `answer` raises nothing. What the questions raise ends the stream once all that is under
    way has been answered.
    """

    def __init__(self, answer: Callable[[Q], Awaitable[A]], most: int) -> None:
        self._answer = answer
        self._room = asyncio.Semaphore(most)
        self._ready: asyncio.Queue[tuple[A] | None] = asyncio.Queue()
        self._answering: set[asyncio.Task[None]] = set()

    async def answers(self, questions: AsyncIterator[Q]) -> AsyncIterator[A]:
        reading = asyncio.create_task(self._read(questions))
        try:
            while ready := await self._ready.get():
                yield ready[0]
                self._room.release()
            await reading
        finally:
            for task in (reading, *self._answering):
                task.cancel()

    async def _read(self, questions: AsyncIterator[Q]) -> None:
        try:
            async for question in questions:
                await self._room.acquire()
                task = asyncio.create_task(self._answer_one(question))
                self._answering.add(task)
                task.add_done_callback(self._answering.discard)
        finally:
            await asyncio.gather(*self._answering, return_exceptions=True)
            self._ready.put_nowait(None)

    async def _answer_one(self, question: Q) -> None:
        self._ready.put_nowait((await self._answer(question),))
