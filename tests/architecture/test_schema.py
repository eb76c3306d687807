"""The schemas can be sharded by person."""

import re
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
    inspector = sa.inspect(engine)
    inspector.info_cache["service"] = request.param
    yield inspector
    engine.dispose()


def distribution(root: Path, service: str) -> dict[str, str]:
    """Table of a service > the column by which the national overlay shards it."""
    text = (root / "k8s/overlays/national/distribution.sql").read_text("utf-8")
    part = text.partition(f"\\connect {service}\n")[2].partition("\\connect")[0]
    return dict(re.findall(r"create_distributed_table\('(\w+)', '(\w+)'", part))


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


def test_the_shards_of_the_country_fit_the_schema(schema: sa.Inspector, root: Path) -> None:
    """A sharded table must have the column it is sharded by in each of its keys."""
    sharded = distribution(root, schema.info_cache["service"])
    assert set(about_persons(schema)) <= set(sharded)
    for table, column in sharded.items():
        assert column in schema.get_pk_constraint(table)["constrained_columns"], table
        for unique in schema.get_unique_constraints(table):
            assert column in unique["column_names"], (table, unique["name"])
        for index in schema.get_indexes(table):
            assert not index["unique"] or column in index["column_names"], index["name"]
