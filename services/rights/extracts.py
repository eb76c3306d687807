"""Extracts: numbers out of a table of PostgreSQL, whole columns at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg import sql

BLOCKS: Final = 4_000
"""Pages of a table that are read together: some hundred thousand rows."""
HEADER: Final = 20
"""Bytes of an array before its first element."""
TYPES: Final = {"bigint": ">i8", "integer": ">i4", "smallint": ">i2", "boolean": "?"}
Table = dict[str, NDArray[Any]]


def read(
    connection: psycopg.Connection,
    table: str,
    columns: Mapping[str, tuple[str, str]],
    also: str = "",
) -> Iterator[Table]:
    """Each column is a type and an expression over the rows; none may be null.

    `also` joins to the rows of `table`, and may filter them. The transaction must be one that
    sees everything as of one moment.
    """
    wanted = ", ".join(f"array_agg(({e})::{of})" for of, e in columns.values())
    query = sql.SQL(
        f"SELECT {wanted} FROM {table} {also} "  # noqa: S608 - our own names
    ) + sql.SQL("{} {}.ctid >= %s::tid AND {}.ctid < %s::tid").format(
        sql.SQL("AND" if " WHERE " in also else "WHERE"), *[sql.Identifier(table)] * 2
    )
    with connection.cursor(binary=True) as cursor:
        for block in _blocks(connection, table):
            cursor.execute(query, block)
            result = cursor.pgresult
            assert result is not None
            if result.get_value(0, 0) is not None:
                yield {
                    name: _column(result.get_value(0, place), of)
                    for place, (name, (of, _)) in enumerate(columns.items())
                }


def records(
    connection: psycopg.Connection, table: str, column: str, columns: Mapping[str, str]
) -> Iterator[Table]:
    """Of a column of bytes that holds records, one after the other, of columns of those types."""
    query = sql.SQL(
        "SELECT string_agg({}, '') FROM {} WHERE ctid >= %s::tid AND ctid < %s::tid"
    ).format(sql.Identifier(column), sql.Identifier(table))
    with connection.cursor(binary=True) as cursor:
        for block in _blocks(connection, table):
            found = cursor.execute(query, block).fetchone()
            if found is not None and found[0]:
                rows = np.frombuffer(found[0], np.dtype(list(columns.items())))
                yield {
                    name: rows[name].astype(of.replace(">", "=")) for name, of in columns.items()
                }


def _blocks(connection: psycopg.Connection, table: str) -> Iterator[tuple[str, str]]:
    """The first row of so many pages, and the first one after them."""
    pages = connection.execute(
        "SELECT pg_relation_size(%s::regclass) / current_setting('block_size')::bigint", [table]
    ).fetchone()
    assert pages is not None
    for block in range(0, int(pages[0]), BLOCKS):
        yield f"({block},0)", f"({block + BLOCKS},0)"


def whole(blocks: Iterable[Table]) -> Table:
    """All of them as one; without columns where there is none."""
    found = list(blocks)
    names = found[0] if found else {}
    return {name: np.concatenate([block[name] for block in found]) for name in names}


def places(
    ssins: NDArray[np.int64], asked: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Where those who are there stand, and which of the asked they are."""
    place = np.minimum(np.searchsorted(ssins, asked), max(len(ssins) - 1, 0))
    known = ssins[place] == asked if len(ssins) else np.zeros(len(asked), np.bool_)
    return place[known], known


def _column(array: bytes | None, of: str) -> NDArray[Any]:
    assert array is not None
    element = np.dtype([("size", ">i4"), ("value", TYPES[of])])
    values = np.frombuffer(array, element, offset=HEADER)["value"]
    return values.astype(values.dtype.newbyteorder("="))
