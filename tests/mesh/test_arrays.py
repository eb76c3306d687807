"""Lists reach the database as they are, in whatever form they travel."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError

from mesh import database as db

TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"))
NUMBER = st.integers(-(2**63), 2**63 - 1)
LISTS = st.one_of(
    *(
        st.tuples(st.just(of), st.lists(st.none() | each))
        for of, each in (
            ("text", TEXT),
            ("bytea", st.binary()),
            ("bigint", NUMBER),
            ("date", st.dates()),
            ("boolean", st.booleans()),
        )
    )
)


def test_lists_arrive_as_they_are(database: str) -> None:
    with asyncio.Runner() as runner:
        engine = db.engine(database)

        async def echoed(of: str, given: list[Any]) -> tuple[list[Any], int]:
            async with engine.connect() as connection:
                rows = await connection.execute(
                    sa.text(f"SELECT CAST(:given AS {of}[]), cardinality(CAST(:given AS {of}[]))"),
                    {"given": given},
                )
                row = rows.one()
                return row[0], row[1]

        @settings(max_examples=200, deadline=None)
        @given(LISTS)
        def check(case: tuple[str, list[Any]]) -> None:
            of, values = case
            assert runner.run(echoed(of, values)) == (values, len(values))

        check()
        runner.run(engine.dispose())


@pytest.mark.parametrize(
    ("of", "given", "found"),
    [
        ("smallint", [1, None, 2], [1, None, 2]),
        ("jsonb", ['{"a": 1}'], [{"a": 1}]),
        ("bigint", ["7"], [7]),
        ("text", [["a", "b"], ["c", "d"]], [["a", "b"], ["c", "d"]]),
        ("text", [None], [None]),
    ],
)
async def test_the_database_casts_and_what_is_not_ours_is_left_to_psycopg(
    database: str, of: str, given: list[Any], found: list[Any]
) -> None:
    engine = db.engine(database)
    async with engine.connect() as connection:
        statement = sa.text(f"SELECT CAST(:given AS {of}[])")
        assert await connection.scalar(statement, {"given": given}) == found
    await engine.dispose()


@pytest.mark.parametrize("given", [[2**63], ["a\0b"], ["a", 1]])
async def test_what_cannot_be_written_is_refused_as_an_error_of_the_database(
    database: str, given: list[Any]
) -> None:
    engine = db.engine(database)
    async with engine.connect() as connection:
        with pytest.raises(DBAPIError):
            await connection.scalar(sa.text("SELECT CAST(:given AS text[])"), {"given": given})
    await engine.dispose()
