"""A country is loaded whole or not at all, and read like any other line."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from sandbox import nation
from services.repertory import bulk
from services.repertory.store import Store


def plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


async def test_what_is_loaded_is_looked_up(database: str, engine: AsyncEngine) -> None:
    heard: list[int] = []
    store = Store(engine)
    _, before = await store.lookup([nation.ssin(7)])
    bulk.load(plain(database), nation.chunks(0, 500), heard.append)
    persons, position = await store.lookup([nation.ssin(7), nation.ssin(499), nation.ssin(500)])
    assert [len(person.inscriptions) for person in persons] == [nation.LINES_A_PERSON] * 2 + [0]
    assert position == before + 1
    assert sum(heard) == sum(map(len, nation.chunks(0, 500)))


async def test_more_can_be_loaded_beside_it_and_nothing_twice(
    database: str, engine: AsyncEngine
) -> None:
    store = Store(engine)
    bulk.load(plain(database), nation.chunks(0, 50), lambda _: None)
    bulk.load(plain(database), nation.chunks(50, 100), lambda _: None)
    with pytest.raises(psycopg.errors.UniqueViolation):
        bulk.load(plain(database), nation.chunks(99, 120), lambda _: None)
    persons, _ = await store.lookup([nation.ssin(99), nation.ssin(100)])
    assert [len(person.inscriptions) for person in persons] == [nation.LINES_A_PERSON, 0]
