"""A filled ledger is a ledger: one tree, entries that can be proved, and room for more."""

from __future__ import annotations

import pytest
from sqlalchemy.engine import make_url

from services.ledger import bulk, commitment, proof, tree
from services.ledger.domain import Entry
from services.ledger.store import Store
from services.ledger.writer import Writer


async def test_what_is_filled_in_stands_in_one_tree_with_what_is_appended(
    database: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "CHUNK", 64)
    url = make_url(database).set(drivername="postgresql").render_as_string(hide_password=False)
    writer, heard = Writer(store), list[int]()
    await writer.append([(Entry("before", "", "", b"one"),)])
    assert bulk.fill(url, 200, heard.append) == 1
    await writer.append([(Entry("after", "", "", b"two"),)])
    assert heard == [65, 129, 193, 200]
    assert await store.index_of(bulk.entry_id(150)) == 150
    assert await store.index_of("after") == 200
    head = await store.head()
    sealed = await store.sealed(0, head.size)
    leaves = [tree.leaf_hash(commitment.commit(one.salt, one.content)) for one in sealed]
    assert [one.leaf_hash for one in sealed] == leaves
    assert tree.extend(tree.Frontier(), leaves)[0] == head
    ranges = proof.inclusion(150, head.size)
    path = proof.hashes(ranges, await store.nodes(proof.places(ranges)))
    assert proof.includes(leaves[150], 150, head.size, path, tree.root(head))
