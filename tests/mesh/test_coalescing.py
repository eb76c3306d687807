"""Coalescing: each caller gets its own answer; batches form only while one is in flight."""

import asyncio
import itertools

import grpc
import pytest

from mesh.call import CALLER
from mesh.coalescing import Coalescer
from mesh.identity import Caller, Identity
from mesh.refusals import Refusal


async def test_what_queues_while_a_batch_is_in_flight_leaves_together() -> None:
    batches: list[list[int]] = []
    gate = asyncio.Event()

    async def ask(questions: list[int]) -> list[int]:
        batches.append(questions)
        await gate.wait()
        return [q * 10 for q in questions]

    coalesced: Coalescer[int, int] = Coalescer(ask, name="test")
    asked = [asyncio.create_task(coalesced(n)) for n in range(5)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    gate.set()
    assert await asyncio.gather(*asked) == [0, 10, 20, 30, 40]
    assert sorted(itertools.chain(*batches)) == [0, 1, 2, 3, 4]
    assert len(batches) <= 2


async def test_a_batch_has_a_limit() -> None:
    sizes: list[int] = []

    async def ask(questions: list[int]) -> list[int]:
        sizes.append(len(questions))
        await asyncio.sleep(0)
        return questions

    coalesced: Coalescer[int, int] = Coalescer(ask, name="test", most=3)
    await asyncio.gather(*(coalesced(n) for n in range(10)))
    assert max(sizes) <= 3
    assert sum(sizes) == 10


async def test_an_error_for_one_is_not_an_error_for_another() -> None:
    async def ask(questions: list[int]) -> list[int | BaseException]:
        return [ValueError("odd") if q % 2 else q for q in questions]

    coalesced: Coalescer[int, int] = Coalescer(ask, name="test")
    answers = await asyncio.gather(*(coalesced(n) for n in range(4)), return_exceptions=True)
    assert [type(a) for a in answers] == [int, ValueError, int, ValueError]


async def test_a_full_queue_refuses_and_says_when_to_come_back() -> None:
    gate = asyncio.Event()

    async def ask(questions: list[int]) -> list[int]:
        await gate.wait()
        return questions

    coalesced: Coalescer[int, int] = Coalescer(ask, name="test", most=1, queue=2)
    first = asyncio.create_task(coalesced(1))
    await asyncio.sleep(0.01)
    waiting = [asyncio.create_task(coalesced(n)) for n in (2, 3)]
    await asyncio.sleep(0.01)
    with pytest.raises(Refusal) as refused:
        await coalesced(4)
    assert refused.value.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert refused.value.retry_after
    gate.set()
    assert await asyncio.gather(first, *waiting) == [1, 2, 3]


async def test_a_batch_does_not_carry_the_identity_of_its_first_caller() -> None:
    seen: list[Caller | None] = []

    async def ask(questions: list[int]) -> list[int]:
        seen.append(CALLER.get(None))
        return questions

    coalesced: Coalescer[int, int] = Coalescer(ask, name="test")
    CALLER.set(Caller(Identity("institution", "17/1")))
    await coalesced(1)
    assert seen == [None]


async def test_a_caller_who_gave_up_is_not_asked_for() -> None:
    gate, asked = asyncio.Event(), []

    async def ask(questions: list[int]) -> list[int]:
        asked.extend(questions)
        await gate.wait()
        return questions

    coalesced: Coalescer[int, int] = Coalescer(ask, name="test", most=1)
    first = asyncio.create_task(coalesced(1))
    second = asyncio.create_task(coalesced(2))
    await asyncio.sleep(0.01)
    second.cancel()
    gate.set()
    await first
    await asyncio.sleep(0.01)
    assert asked == [1]


async def test_what_rides_leaves_with_the_next_batch_or_when_flushed() -> None:
    batches: list[list[int]] = []

    async def ask(questions: list[int]) -> list[int]:
        batches.append(questions)
        return questions

    coalesced: Coalescer[int, int] = Coalescer(ask, name="test")
    riding = coalesced.ride(1)
    await asyncio.sleep(0.01)
    assert batches == []
    assert await coalesced(2) == 2
    assert await riding == 1
    assert batches == [[1, 2]]
    last = coalesced.ride(3)
    coalesced.flush()
    assert await last == 3
    assert batches == [[1, 2], [3]]


async def test_a_second_batch_leaves_early_only_when_enough_wait() -> None:
    gate, sizes = asyncio.Event(), []

    async def ask(questions: list[int]) -> list[int]:
        sizes.append(len(questions))
        await gate.wait()
        return questions

    coalesced: Coalescer[int, int] = Coalescer(ask, name="test", in_flight=2, enough=3)
    asked = [asyncio.create_task(coalesced(0))]
    await asyncio.sleep(0.01)
    asked += [asyncio.create_task(coalesced(n)) for n in (1, 2)]
    await asyncio.sleep(0.01)
    assert sizes == [1]
    asked.append(asyncio.create_task(coalesced(3)))
    await asyncio.sleep(0.01)
    assert sizes == [1, 3]
    gate.set()
    assert await asyncio.gather(*asked) == [0, 1, 2, 3]


async def test_whoever_asks_again_at_once_is_answered() -> None:
    async def ask(questions: list[int]) -> list[int]:
        return questions

    coalesced: Coalescer[int, int] = Coalescer(ask, name="test")
    async with asyncio.timeout(5):
        for n in range(100):
            assert await coalesced(n) == n


async def test_too_few_answers_are_an_error_to_everyone_and_hold_up_nobody() -> None:
    async def ask(questions: list[int]) -> list[int]:
        return questions if len(questions) == 1 else questions[1:]

    coalesced: Coalescer[int, int] = Coalescer(ask, name="test")
    async with asyncio.timeout(5):
        answers = await asyncio.gather(*(coalesced(n) for n in (1, 2)), return_exceptions=True)
        assert [type(a) for a in answers] == [ValueError, ValueError]
        assert await coalesced(3) == 3
