"""The tree in PostgreSQL: each entry once, one tree whoever writes, nothing half."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from mesh import database as databases
from services.ledger import __main__ as process
from services.ledger import batch, commitment, proof, tree
from services.ledger.domain import Conflict, Entry
from services.ledger.store import Store
from services.ledger.writer import Writer

NOVEMBER = datetime(2026, 11, 24, 8, tzinfo=UTC)


def entries(*names: str, content: bytes = b"content") -> tuple[Entry, ...]:
    return tuple(Entry(name, f"ticket-{name}", "90010100167", content) for name in names)


def indexes(answer: batch.Answer) -> list[int]:
    assert not isinstance(answer, Conflict)
    return [leaf.index for leaf in answer]


async def recomputed_root(store: Store) -> bytes:
    """From salts and contents alone."""
    head = await store.head()
    sealed = await store.sealed(0, head.size)
    assert [one.index for one in sealed] == list(range(head.size))
    leaves = [tree.leaf_hash(commitment.commit(one.salt, one.content)) for one in sealed]
    assert [one.leaf_hash for one in sealed] == leaves
    return tree.root(tree.extend(tree.Frontier(), leaves)[0])


async def test_what_is_written_again_stays_where_it_is(store: Store) -> None:
    writer = Writer(store)
    first, second = await writer.append([entries("a", "b"), entries("c")])
    again, new = await writer.append([entries("b", "a"), entries("d")])
    assert [*indexes(first), *indexes(second)] == [0, 1, 2]
    assert (indexes(again), indexes(new)) == ([1, 0], [3])
    assert (await store.head()).size == 4
    assert tree.root(await store.head()) == await recomputed_root(store)


async def test_another_content_is_refused_to_who_brings_it_only(store: Store) -> None:
    writer = Writer(store)
    await writer.append([entries("a")])
    refused, fine = await writer.append(
        [(*entries("b"), *entries("a", content=b"other")), entries("c")]
    )
    assert refused == Conflict(1)
    assert indexes(fine) == [1]
    assert await store.index_of("b") is None


async def test_many_writers_grow_one_tree(database: str, store: Store) -> None:
    engines = [databases.engine(database) for _ in range(2)]
    writers = [Writer(Store(engine)) for engine in engines]
    answers = await asyncio.gather(
        *(
            writer.append([entries(f"{number}"), entries(f"{number}-{which}")])
            for number in range(15)
            for which, writer in enumerate(writers)
        )
    )
    places = {leaf for answer in answers for one in answer for leaf in one}  # type: ignore[union-attr]
    assert sorted(leaf.index for leaf in places) == list(range(45))
    assert len({leaf.entry_id for leaf in places}) == 45
    assert tree.root(await store.head()) == await recomputed_root(store)
    for engine in engines:
        await engine.dispose()


async def test_writers_in_turn_notice_each_other_and_grow_one_tree(store: Store) -> None:
    """Each remembers a head that the other has outgrown."""
    one, other = Writer(store), Writer(store)
    for number in range(4):
        for name, writer in (("one", one), ("other", other)):
            await writer.append([entries(f"{name}-{number}")])
    assert (await store.head()).size == 8
    assert tree.root(await store.head()) == await recomputed_root(store)


async def test_nothing_is_written_on_a_head_that_is_not_the_trees(store: Store) -> None:
    await Writer(store, lambda: NOVEMBER).append([entries("a")])
    before = await store.head()
    for stale in (tree.Frontier(), tree.Frontier(before.size, (b"x" * 32,))):
        planned = batch.plan([entries("b")], {}, stale.size)
        addition = batch.grow(planned, stale, commitment.new_salts(1))
        assert not await store.extend(stale, addition, NOVEMBER)
    known = batch.grow(batch.plan([entries("a")], {}, 1), before, commitment.new_salts(1))
    assert not await store.extend(before, known, NOVEMBER)
    assert await store.head() == before
    assert tree.root(before) == await recomputed_root(store)


async def test_a_new_process_continues_the_tree(database: str, store: Store) -> None:
    await Writer(store).append([entries(*"abcde")])
    before = await store.head()
    await databases.migrate(database, process.HERE / "migrations")
    engine = databases.engine(database)
    reopened = Store(engine)
    assert await reopened.head() == before
    await Writer(reopened).append([entries(*"fgh")])
    after = await reopened.head()
    ranges = proof.consistency(before.size, after.size)
    path = proof.hashes(ranges, await reopened.nodes(proof.places(ranges)))
    assert proof.extends(5, tree.root(before), 8, tree.root(after), path)
    assert tree.root(after) == await recomputed_root(reopened)
    await engine.dispose()


async def test_what_is_not_committed_never_was(store: Store, engine: AsyncEngine) -> None:
    await Writer(store, lambda: NOVEMBER).append([entries("a")])
    before = await store.head()

    async def die_before_the_end() -> None:
        async with store.transaction() as connection:
            frontier = await store.lock(connection)
            planned = batch.plan([entries("b")], {}, frontier.size)
            await store.write(
                connection,
                frontier,
                batch.grow(planned, frontier, commitment.new_salts(1)),
                NOVEMBER,
            )
            await connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(Exception, match=r"terminat|closed|lost"):
        await die_before_the_end()
    assert await store.head() == before
    (answer,) = await Writer(store).append([entries("b")])
    assert indexes(answer) == [before.size]


async def test_entries_lie_by_month(store: Store, engine: AsyncEngine) -> None:
    moments = [
        datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(2027, 1, 1, tzinfo=UTC),
        datetime(2026, 12, 1, tzinfo=UTC),
    ]
    for name, moment in zip("abc", moments, strict=True):
        await Writer(store, lambda moment=moment: moment).append([entries(name)])  # type: ignore[misc]
    async with engine.connect() as connection:
        rows = await connection.execute(
            text("SELECT tableoid::regclass::text, position FROM entries ORDER BY position")
        )
    assert [tuple(row) for row in rows] == [
        ("entries_2026_12", 0),
        ("entries_2027_01", 1),
        ("entries_2026_12", 2),
    ]


async def test_a_writer_goes_on_after_a_failed_first_of_the_month(
    store: Store, engine: AsyncEngine
) -> None:
    writer = Writer(store, lambda: NOVEMBER)
    refused = Entry("a", "", "", b"\x00")
    bad = Entry("with a \x00 in it", "", "", b"")
    with pytest.raises(Exception, match=r"NUL|0x00"):
        await writer.append([(refused, bad)])
    (answer,) = await writer.append([(refused,)])
    assert indexes(answer) == [0]


async def test_a_tree_of_many_leaves_proves_every_one(store: Store) -> None:
    writer = Writer(store)
    for size in (1, 2, 30, 64, 100):
        await writer.append([entries(*(f"{size}-{n}" for n in range(size)))])
    head = await store.head()
    root = tree.root(head)
    for index in range(0, head.size, 7):
        (sealed,) = await store.sealed(index, index + 1)
        ranges = proof.inclusion(index, head.size)
        path = proof.hashes(ranges, await store.nodes(proof.places(ranges)))
        assert proof.includes(sealed.leaf_hash, index, head.size, path, root)
