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
