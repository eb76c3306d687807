"""Declarations are stored once, claimed in order, and belong to their employer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from services.declarations.domain import Declaration, Employer, State
from services.declarations.intake import Intake, Stored
from services.declarations.store import Answer, Store

BREWERY, BAKERY = "0400000185", "0400000284"


async def store(engine: AsyncEngine, *declarations: Declaration) -> list[Stored]:
    async with engine.begin() as connection:
        return await Intake(connection).receive(declarations)


async def test_what_is_sent_again_is_what_was_stored_first(
    engine: AsyncEngine, entry: Callable[..., Any], declaration: Callable[..., Any]
) -> None:
    first = declaration(entry(), "request-1")
    again = declaration(entry(starting_date="2026-11-17"), "request-1")
    [one] = await store(engine, first)
    [two] = await store(engine, again)
    assert one == two == Stored(first.ticket, first.digest, first.received_at)
    async with engine.begin() as connection:
        [kept] = await Store(connection).claim(10)
    assert replace(kept, sequence=0) == first


async def test_anomalies_and_the_chain_are_kept_in_order(
    engine: AsyncEngine, entry: Callable[..., Any], declaration: Callable[..., Any]
) -> None:
    chain, anomalies = ('employer/"1"', "service/a,b", "employer/{2}"), (b"\x00\xff", b"", b"a")
    first = replace(declaration(entry()), chain=chain, anomalies=anomalies)
    await store(engine, first)
    async with engine.begin() as connection:
        [kept] = await Store(connection).claim(10)
    assert replace(kept, sequence=0) == first


async def test_two_that_receive_the_same_at_once_keep_it_once(
    engine: AsyncEngine, entry: Callable[..., Any], declaration: Callable[..., Any]
) -> None:
    sent = [[declaration(entry(), f"request-{n}") for n in range(8)] for _ in range(4)]
    answers = await asyncio.gather(*(store(engine, *batch) for batch in sent))
    assert all(answer == answers[0] for answer in answers)
    async with engine.begin() as connection:
        assert len(await Store(connection).claim(100)) == len(sent[0])


async def test_twice_in_one_batch_is_stored_once(
    engine: AsyncEngine, entry: Callable[..., Any], declaration: Callable[..., Any]
) -> None:
    first, again = declaration(entry(), "request-1"), declaration(entry(), "request-1")
    other = declaration(entry(), "request-1", BAKERY)
    stored = await store(engine, first, again, other)
    assert [d.ticket for d in stored] == [first.ticket, first.ticket, other.ticket]


async def test_an_employer_is_handled_by_one_worker_at_a_time(
    engine: AsyncEngine, entry: Callable[..., Any], declaration: Callable[..., Any]
) -> None:
    sent = [declaration(entry()) for _ in range(3)]
    await store(engine, *sent)
    async with engine.begin() as one, engine.begin() as two:
        claimed = await Store(one).claim(2)
        assert [d.ticket for d in claimed] == [d.ticket for d in sent[:2]]
        assert await Store(two).claim(10) == []
        for d in claimed:
            await Store(one).handled([Answer(d.employer, d.ticket, State.ACCEPTED, b"", "")])
        await one.commit()
        assert [d.ticket for d in await Store(two).claim(10)] == [sent[2].ticket]


async def test_other_employers_do_not_wait(
    engine: AsyncEngine, entry: Callable[..., Any], declaration: Callable[..., Any]
) -> None:
    brewery, bakery = declaration(entry()), declaration(entry(), employer=BAKERY)
    await store(engine, brewery)
    async with engine.begin() as one, engine.begin() as two:
        assert await Store(one).claim(10)
        await store(engine, bakery)
        assert [d.ticket for d in await Store(two).claim(10)] == [bakery.ticket]


async def test_newest_first_in_pages(
    engine: AsyncEngine, entry: Callable[..., Any], declaration: Callable[..., Any]
) -> None:
    sent = [declaration(entry()) for _ in range(3)]
    for one in sent:
        await store(engine, one)
    async with engine.connect() as connection:
        page = await Store(connection).declarations(BREWERY, 2**63 - 1, 2)
        rest = await Store(connection).declarations(BREWERY, page[-1].sequence, 2)
        assert [d.ticket for d in (*page, *rest)] == [d.ticket for d in reversed(sent)]
        assert await Store(connection).declarations(BAKERY, 2**63 - 1, 2) == []
        assert await Store(connection).declaration(BAKERY, sent[0].ticket) is None


async def test_an_employer_is_found_by_either_number(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        known = Employer(BREWERY, "123456749")
        found = await Store(connection).bearers(["123456749", "100006"])
        assert found == {"123456749": known}
        assert await Store(connection).employers([BREWERY, "0000000097"]) == {BREWERY: known}
