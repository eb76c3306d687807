"""Filling a ledger: invented entries by COPY, in the tree as if they had been appended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import psycopg
from crossroads.ledger.v1 import ledger_pb2

from mesh import clock
from services.ledger import commitment, tree
from services.ledger.tree import Frontier, Node

CHUNK = 50_000
"""Entries that share a transaction."""


def entry_id(index: int) -> str:
    """Of the invented entry at an index of the tree."""
    return f"invented/{index:012d}"


def fill(url: str, size: int, told: Callable[[int], None]) -> int:
    """Grow the tree to `size` leaves; the index of the first one added.

    After each chunk, which is a transaction, the tree is whole, and `told` hears its size.
    Whoever appends meanwhile waits for the chunk. The month of today has its partition already:
    something was appended in it.
    """
    first = None
    with psycopg.connect(url) as connection:
        while True:
            with connection.transaction():
                head = _head(connection)
                first = head.size if first is None else first
                if head.size >= size:
                    return first
                _add(connection, head, min(size - head.size, CHUNK), clock.now())
            told(min(head.size + CHUNK, size))


def _head(connection: psycopg.Connection) -> Frontier:
    row = connection.execute("SELECT size, frontier FROM head FOR UPDATE").fetchone()
    assert row is not None
    return Frontier(row[0], tuple(row[1]))


def _add(connection: psycopg.Connection, head: Frontier, count: int, at: datetime) -> None:
    indexes = range(head.size, head.size + count)
    contents = [_content(index, at) for index in indexes]
    salts = commitment.new_salts(count)
    grown, nodes = tree.extend(
        head,
        (
            tree.leaf_hash(commitment.commit(salt, content))
            for salt, content in zip(salts, contents, strict=True)
        ),
    )
    _copy_entries(connection, head.size, contents, salts, at)
    _copy_nodes(connection, nodes)
    connection.execute("UPDATE head SET size = %s, frontier = %s", (grown.size, list(grown.hashes)))


def _content(index: int, at: datetime) -> bytes:
    return ledger_pb2.Entry(
        entry_id=entry_id(index),
        kind=ledger_pb2.ENTRY_KIND_DOOR,
        occurred_at=clock.rfc3339(at),
        caller="operator/sandbox",
        outcome=ledger_pb2.OUTCOME_REFUSED,
    ).SerializeToString(deterministic=True)


def _copy_entries(
    connection: psycopg.Connection,
    first: int,
    contents: Sequence[bytes],
    salts: Sequence[bytes],
    at: datetime,
) -> None:
    kind, outcome = ledger_pb2.ENTRY_KIND_DOOR, ledger_pb2.OUTCOME_REFUSED
    with connection.cursor().copy(
        "COPY entries (position, recorded_at, ticket, ssin, salt, content, kind, outcome)"
        " FROM STDIN"
    ) as copy:
        copy.write(
            "".join(
                f"{index}\t{at.isoformat()}\t\t\t\\\\x{salt.hex()}\t\\\\x{content.hex()}"
                f"\t{kind}\t{outcome}\n"
                for index, (salt, content) in enumerate(zip(salts, contents, strict=True), first)
            )
        )
    with connection.cursor().copy("COPY entry_ids (entry_id, position, digest) FROM STDIN") as copy:
        copy.write(
            "".join(
                f"{entry_id(index)}\t{index}\t\\\\x{commitment.digest(content).hex()}\n"
                for index, content in enumerate(contents, first)
            )
        )


def _copy_nodes(connection: psycopg.Connection, nodes: Sequence[Node]) -> None:
    with connection.cursor().copy("COPY nodes (level, position, hashes) FROM STDIN") as copy:
        copy.write(
            "".join(
                f"{run.level}\t{run.index}\t\\\\x{run.hash.hex()}\n" for run in tree.runs(nodes)
            )
        )
