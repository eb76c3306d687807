"""The tree against published vectors, and against the text of the RFC."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ledger import proof, tree

# The eight leaves and their roots that implementations of Certificate Transparency share.
LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSIONS = {
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (7, 8): [
        "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
}


def rfc_root(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 9162, section 2.1.1, as the text defines it: recursive and slow."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return hashlib.sha256(bytes([0]) + leaves[0]).digest()
    k = rfc_split(len(leaves))
    return hashlib.sha256(bytes([1]) + rfc_root(leaves[:k]) + rfc_root(leaves[k:])).digest()


def rfc_path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of section 2.1.3.1."""
    if len(leaves) == 1:
        return []
    k = rfc_split(len(leaves))
    if m < k:
        return [*rfc_path(m, leaves[:k]), rfc_root(leaves[k:])]
    return [*rfc_path(m - k, leaves[k:]), rfc_root(leaves[:k])]


def rfc_proof(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PROOF of section 2.1.4.1, for 0 < m < n."""
    return rfc_subproof(m, leaves, known=True)


def rfc_subproof(m: int, leaves: Sequence[bytes], *, known: bool) -> list[bytes]:
    if m == len(leaves):
        return [] if known else [rfc_root(leaves)]
    k = rfc_split(len(leaves))
    if m <= k:
        return [*rfc_subproof(m, leaves[:k], known=known), rfc_root(leaves[k:])]
    return [*rfc_subproof(m - k, leaves[k:], known=False), rfc_root(leaves[:k])]


def rfc_split(n: int) -> int:
    """The largest power of two smaller than n."""
    k = 1
    while 2 * k < n:
        k *= 2
    return k


leaf_lists = st.lists(st.binary(max_size=8), min_size=1, max_size=70)


def grown(leaves: list[bytes]) -> tuple[tree.Frontier, dict[proof.Place, bytes]]:
    frontier, nodes = tree.extend(tree.Frontier(), map(tree.leaf_hash, leaves))
    return frontier, {(node.level, node.index): node.hash for node in nodes}


@pytest.mark.parametrize("size", range(9))
def test_the_roots_are_the_published_ones(size: int) -> None:
    frontier, _ = grown(LEAVES[:size])
    assert tree.root(frontier).hex() == ROOTS[size]


@pytest.mark.parametrize(("index", "size"), INCLUSIONS)
def test_the_audit_paths_are_the_published_ones(index: int, size: int) -> None:
    _, nodes = grown(LEAVES[:size])
    path = proof.hashes(proof.inclusion(index, size), nodes)
    assert [one.hex() for one in path] == INCLUSIONS[index, size]


@given(leaf_lists, st.data())
def test_growing_in_batches_is_growing_at_once(leaves: list[bytes], data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(leaves)), max_size=5)))
    frontier = tree.Frontier()
    nodes: dict[proof.Place, bytes] = {}
    for begin, end in pairwise([0, *cuts, len(leaves)]):
        frontier, added = tree.extend(frontier, map(tree.leaf_hash, leaves[begin:end]))
        nodes |= {(node.level, node.index): node.hash for node in added}
    assert (frontier, nodes) == grown(leaves)
    assert tree.root(frontier) == rfc_root(leaves)
    assert len(nodes) <= 2 * len(leaves)


@given(st.integers(0, 200), st.integers(0, 300))
def test_runs_bear_every_node_in_few_rows(before: int, added: int) -> None:
    frontier, _ = tree.extend(tree.Frontier(), map(tree.leaf_hash, [b"x"] * before))
    _, nodes = tree.extend(frontier, (tree.leaf_hash(str(n).encode()) for n in range(added)))
    runs = tree.runs(nodes)
    found = {
        (run.level, run.index + place): run.hash[place * 32 : place * 32 + 32]
        for run in runs
        for place in range(len(run.hash) // 32)
    }
    assert found == {(node.level, node.index): node.hash for node in nodes}
    assert all(len(run.hash) <= tree.MOST_IN_RUN * 32 for run in runs)
    levels = {node.level for node in nodes}
    assert len(runs) <= len(nodes) // tree.MOST_IN_RUN + len(levels)


@given(leaf_lists, st.data())
def test_an_audit_path_is_that_of_the_rfc_and_proves_it(
    leaves: list[bytes], data: st.DataObject
) -> None:
    frontier, nodes = grown(leaves)
    size = data.draw(st.integers(1, len(leaves)))
    index = data.draw(st.integers(0, size - 1))
    path = proof.hashes(proof.inclusion(index, size), nodes)
    assert list(path) == rfc_path(index, leaves[:size])
    leaf, root = tree.leaf_hash(leaves[index]), rfc_root(leaves[:size])
    assert proof.includes(leaf, index, size, path, root)
    assert frontier.size == len(leaves)


@given(leaf_lists, st.data())
def test_a_consistency_proof_is_that_of_the_rfc_and_proves_it(
    leaves: list[bytes], data: st.DataObject
) -> None:
    _, nodes = grown(leaves)
    second = data.draw(st.integers(1, len(leaves)))
    first = data.draw(st.integers(0, second))
    path = proof.hashes(proof.consistency(first, second), nodes)
    wanted = rfc_proof(first, leaves[:second]) if 0 < first < second else []
    assert list(path) == wanted
    roots = rfc_root(leaves[:first]), rfc_root(leaves[:second])
    assert proof.extends(first, roots[0], second, roots[1], path)


def test_a_proof_reads_few_nodes() -> None:
    size = 2_000_000_011
    for ranges in (proof.inclusion(size - 5, size), proof.consistency(1_999_999_999, size)):
        assert len(proof.places(ranges)) <= 2 * size.bit_length()


@given(leaf_lists, st.data())
def test_no_other_leaf_place_or_path_is_proved(leaves: list[bytes], data: st.DataObject) -> None:
    size = len(leaves)
    index = data.draw(st.integers(0, size - 1))
    path, root = rfc_path(index, leaves), rfc_root(leaves)
    leaf = tree.leaf_hash(leaves[index])
    assert not proof.includes(tree.leaf_hash(b"another leaf"), index, size, path, root)
    assert not proof.includes(leaf, index, size, [*path, leaf], root)
    assert not proof.includes(leaf, index, size, path, tree.leaf_hash(root))
    assert not proof.includes(leaf, size, size, path, root)
    assert not proof.includes(leaf, -1, size, path, root)
    if path:
        assert not proof.includes(leaf, index, size, path[:-1], root)
        at = data.draw(st.integers(0, len(path) - 1))
        forged = [*path[:at], tree.leaf_hash(path[at]), *path[at + 1 :]]
        assert not proof.includes(leaf, index, size, forged, root)


@given(leaf_lists, st.data())
def test_a_rewritten_past_is_not_an_extension(leaves: list[bytes], data: st.DataObject) -> None:
    size = len(leaves)
    first = data.draw(st.integers(1, size))
    at = data.draw(st.integers(0, first - 1))
    rewritten = [*leaves[:at], b"something else", *leaves[at + 1 :]]
    before, after = rfc_root(leaves[:first]), rfc_root(rewritten)
    path = rfc_proof(first, rewritten) if first < size else []
    assert not proof.extends(first, before, size, after, path)
    honest = rfc_proof(first, leaves) if first < size else []
    now = rfc_root(leaves)
    assert not proof.extends(first, before, size, now, [*honest, before])
    assert not proof.extends(size + 1, now, size, now, honest)
    assert not proof.extends(0, before, size, now, [])
    if honest:
        assert not proof.extends(first, before, size, now, honest[:-1])


def test_what_is_outside_the_tree_has_no_proof() -> None:
    for index, size in ((0, 0), (3, 3), (-1, 3)):
        with pytest.raises(ValueError, match="not in that tree"):
            proof.inclusion(index, size)
    with pytest.raises(ValueError, match="larger than the second"):
        proof.consistency(4, 3)
