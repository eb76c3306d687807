"""A dead holder is left alone and answers at once; it holds up nobody, and comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import grpc
import pytest
from crossroads.router.v1 import exchange_pb2, supplier_pb2

from mesh.refusals import Refusal
from services.router.circuit import FAILURES, FIRST_S
from services.router.holder import MOST_OF_SLOW, MOST_WAITING, SLOW_S, Holder

OK = supplier_pb2.Answer(status=exchange_pb2.ANSWER_STATUS_OK)
DEAD = Refusal(grpc.StatusCode.UNAVAILABLE, "UNAVAILABLE")
QUESTION = supplier_pb2.Question(data_sort="income")


class Outside:
    """A holder outside, as a test wants it, and the time."""

    def __init__(self) -> None:
        self.now = 0.0
        self.asked: list[int] = []
        self.failing: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.holder = Holder("11/1", self.supply, lambda: self.now)

    async def supply(self, questions: Sequence[supplier_pb2.Question]) -> list[supplier_pb2.Answer]:
        self.asked.append(len(questions))
        await self.gate.wait()
        if self.failing:
            raise self.failing
        return [OK] * len(questions)

    async def status(self) -> int:
        return (await self.holder.ask(QUESTION)).status

    async def die(self) -> None:
        self.failing = DEAD
        for _ in range(FAILURES):
            assert await self.status() == exchange_pb2.ANSWER_STATUS_UNAVAILABLE


@pytest.fixture
async def outside() -> Outside:
    return Outside()


async def test_a_dead_holder_is_not_asked_any_more(outside: Outside) -> None:
    await outside.die()
    for _ in range(20):
        assert await outside.status() == exchange_pb2.ANSWER_STATUS_UNAVAILABLE
    assert len(outside.asked) == FAILURES


async def test_one_probe_reopens_it_and_nobody_waits_for_the_probe(outside: Outside) -> None:
    await outside.die()
    outside.failing, outside.now = None, FIRST_S
    outside.gate.clear()
    probe = asyncio.create_task(outside.status())
    await asyncio.sleep(0)
    others = await asyncio.gather(*(outside.status() for _ in range(10)))
    assert set(others) == {exchange_pb2.ANSWER_STATUS_UNAVAILABLE}
    assert not probe.done()
    outside.gate.set()
    assert await probe == exchange_pb2.ANSWER_STATUS_OK
    assert await outside.status() == exchange_pb2.ANSWER_STATUS_OK
    assert outside.asked[FAILURES:] == [1, 1]


async def test_a_probe_that_fails_leaves_it_alone_for_longer(outside: Outside) -> None:
    await outside.die()
    outside.now = FIRST_S
    await outside.status()
    outside.failing, outside.now = None, FIRST_S * 2.5
    assert await outside.status() == exchange_pb2.ANSWER_STATUS_UNAVAILABLE
    outside.now = FIRST_S * 3
    assert await outside.status() == exchange_pb2.ANSWER_STATUS_OK


async def test_what_waits_behind_a_holder_that_dies_is_answered_at_once(outside: Outside) -> None:
    outside.gate.clear()
    outside.failing = DEAD
    waiting = [asyncio.create_task(outside.status()) for _ in range(1500)]
    for _ in range(10):
        await asyncio.sleep(0)
    outside.gate.set()
    assert set(await asyncio.gather(*waiting)) == {exchange_pb2.ANSWER_STATUS_UNAVAILABLE}
    assert FAILURES <= len(outside.asked) < FAILURES + 4


async def test_an_answer_between_failures_keeps_it_asked(outside: Outside) -> None:
    for _ in range(5):
        outside.failing = DEAD
        for _ in range(FAILURES - 1):
            await outside.status()
        outside.failing = None
        assert await outside.status() == exchange_pb2.ANSWER_STATUS_OK


async def test_only_so_many_wait_for_a_slow_holder(outside: Outside) -> None:
    outside.gate.clear()
    waiting = [asyncio.create_task(outside.status()) for _ in range(MOST_OF_SLOW + 8)]
    for _ in range(10):
        await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    outside.now = SLOW_S * 2
    late = await asyncio.gather(*(outside.status() for _ in range(20)))
    assert set(late) == {exchange_pb2.ANSWER_STATUS_LATE}
    outside.gate.set()
    assert set(await asyncio.gather(*waiting)) == {exchange_pb2.ANSWER_STATUS_OK}
    assert await outside.status() == exchange_pb2.ANSWER_STATUS_OK


async def test_few_wait_for_a_slow_holder_as_long_as_it_takes(outside: Outside) -> None:
    outside.gate.clear()
    waiting = [asyncio.create_task(outside.status()) for _ in range(MOST_OF_SLOW - 1)]
    for _ in range(10):
        await asyncio.sleep(0)
    outside.now = SLOW_S * 2
    another = asyncio.create_task(outside.status())
    await asyncio.sleep(0)
    assert not another.done()
    outside.gate.set()
    answers = await asyncio.gather(*waiting, another)
    assert set(answers) == {exchange_pb2.ANSWER_STATUS_OK}


async def test_what_leaves_together_is_one_call_and_waits_as_what_leaves_alone(
    outside: Outside,
) -> None:
    assert list(await outside.holder.ask_together([QUESTION] * 40)) == [OK] * 40
    assert outside.asked == [40]
    outside.gate.clear()
    owed = outside.holder.ask_together([QUESTION] * MOST_OF_SLOW)
    await asyncio.sleep(0)
    outside.now = SLOW_S * 2
    late = await outside.holder.ask_together([QUESTION] * 2)
    assert [answer.status for answer in late] == [exchange_pb2.ANSWER_STATUS_LATE] * 2
    outside.gate.set()
    assert len(await owed) == MOST_OF_SLOW
    assert list(await outside.holder.ask_together([QUESTION])) == [OK]


async def test_a_dead_holder_is_not_asked_together_either(outside: Outside) -> None:
    await outside.die()
    answers = await outside.holder.ask_together([QUESTION] * 3)
    assert [one.status for one in answers] == [exchange_pb2.ANSWER_STATUS_UNAVAILABLE] * 3
    assert len(outside.asked) == FAILURES


async def test_more_than_may_wait_are_not_taken(outside: Outside) -> None:
    outside.gate.clear()
    owed = outside.holder.ask_together([QUESTION] * (MOST_WAITING + 1))
    answers = await outside.holder.ask_together([QUESTION])
    assert [one.status for one in answers] == [exchange_pb2.ANSWER_STATUS_UNAVAILABLE]
    outside.gate.set()
    assert len(await owed) == MOST_WAITING + 1
    assert outside.asked == [1000, 1000, 1]
    assert list(await outside.holder.ask_together([QUESTION])) == [OK]
