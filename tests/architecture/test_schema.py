"""The schemas can be sharded by person."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from mesh import database as db

PERSONS = ("declarations", "repertory", "rights", "router")
"""The ledger is partitioned by month instead: its tree has one end."""


@pytest.fixture(params=PERSONS)
async def schema(
    request: pytest.FixtureRequest, root: Path, database: str
) -> AsyncIterator[sa.Inspector]:
    """The schema of one service as its migrations make it; made twice, it is made once."""
    migrations = root / "services" / request.param / "migrations"
    await db.migrate(database, migrations)
    await db.migrate(database, migrations)
    engine = sa.create_engine(database, poolclass=NullPool)
    yield sa.inspect(engine)
    engine.dispose()


def about_persons(schema: sa.Inspector) -> list[str]:
    return [
        table
        for table in schema.get_table_names()
        if any(column["name"].endswith("ssin") for column in schema.get_columns(table))
    ]


def test_a_table_about_persons_has_the_ssin_in_its_key(schema: sa.Inspector) -> None:
    tables = about_persons(schema)
    assert tables
    for table in tables:
        key = schema.get_pk_constraint(table)["constrained_columns"]
        assert [column for column in key if column.endswith("ssin")], (table, key)


def test_no_uniqueness_crosses_persons(schema: sa.Inspector) -> None:
    for table in about_persons(schema):
        for index in schema.get_indexes(table):
            if index["unique"]:
                columns = [column or "" for column in index["column_names"]]
                assert [column for column in columns if column.endswith("ssin")], index["name"]


def test_no_foreign_key_crosses_persons(schema: sa.Inspector) -> None:
    for table in about_persons(schema):
        for key in schema.get_foreign_keys(table):
            assert [c for c in key["constrained_columns"] if c.endswith("ssin")], key["name"]
