"""A stream of questions: each has its answer, only so many are under way, and none is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from services.router.stream import Stream

MOST = 4


class Asker:
    """Asks numbers as fast as it is let; answers wait for their gate."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.asked = 0
        self.gates: dict[int, asyncio.Event] = {n: asyncio.Event() for n in range(count)}
        self.cancelled: list[int] = []

    async def questions(self) -> AsyncIterator[int]:
        for number in range(self.count):
            self.asked += 1
            yield number

    async def answer(self, number: int) -> int:
        try:
            await self.gates[number].wait()
        except asyncio.CancelledError:
            self.cancelled.append(number)
            raise
        return number * 10


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_answers_come_as_they_are_ready_not_as_they_were_asked() -> None:
    asker = Asker(3)
    answers = Stream(asker.answer, MOST).answers(asker.questions())
    taken = asyncio.ensure_future(anext(answers))
    asker.gates[2].set()
    assert await taken == 20
    asker.gates[0].set()
    asker.gates[1].set()
    assert {answer async for answer in answers} == {0, 10}


async def test_who_does_not_read_is_not_read_from() -> None:
    asker = Asker(100)
    for gate in asker.gates.values():
        gate.set()
    answers = Stream(asker.answer, MOST).answers(asker.questions())
    assert await anext(answers) == 0
    await settle()
    assert asker.asked <= MOST + 1
    rest = {answer async for answer in answers}
    assert rest == {n * 10 for n in range(1, 100)}


async def test_what_ends_the_questions_ends_the_answers_after_those_under_way() -> None:
    asker = Asker(2)

    async def broken() -> AsyncIterator[int]:
        async for number in asker.questions():
            yield number
        raise ValueError("malformed")

    answers = Stream(asker.answer, MOST).answers(broken())
    asker.gates[0].set()
    asker.gates[1].set()
    assert {await anext(answers), await anext(answers)} == {0, 10}
    with pytest.raises(ValueError, match="malformed"):
        await anext(answers)


async def test_when_the_reader_goes_nothing_goes_on() -> None:
    asker = Asker(10)
    asker.gates[0].set()
    answers = Stream(asker.answer, MOST).answers(asker.questions())
    assert await anext(answers) == 0
    await settle()
    await answers.aclose()  # type: ignore[attr-defined]
    await settle()
    assert asker.asked <= MOST + 1
    assert asker.cancelled
