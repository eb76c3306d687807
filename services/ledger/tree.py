"""The Merkle tree of RFC 9162, section 2.1.1: hashes, and the frontier it grows from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

HASH_BYTES = 32
MOST_IN_RUN = 60
"""So that a run stays within its row."""
EMPTY_ROOT = hashlib.sha256(b"").digest()


@dataclass(frozen=True, slots=True)
class Node:
    """The root of a complete subtree of `1 << level` leaves, of which `index << level` is first."""

    level: int
    index: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Frontier:
    """All that a tree must remember to grow: its complete subtrees, largest first.

    There is one for each bit set in `size`.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()


def leaf_hash(leaf: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def extend(frontier: Frontier, leaf_hashes: Iterable[bytes]) -> tuple[Frontier, tuple[Node, ...]]:
    """The frontier after more leaves, and every complete subtree that they complete."""
    size, stack, nodes = frontier.size, list(frontier.hashes), []
    for leaf in leaf_hashes:
        level, index, current = 0, size, leaf
        nodes.append(Node(level, index, current))
        while index & 1:
            current = node_hash(stack.pop(), current)
            level, index = level + 1, index >> 1
            nodes.append(Node(level, index, current))
        stack.append(current)
        size += 1
    return Frontier(size, tuple(stack)), tuple(nodes)


def runs(nodes: Iterable[Node]) -> list[Node]:
    """The nodes of one `extend`, those of a level behind each other: a run bears all their hashes.

    Its index is that of the first. No run is longer than `MOST_IN_RUN`.
    """
    hashes: dict[tuple[int, int], list[bytes]] = {}
    last: dict[int, tuple[int, int]] = {}
    for node in nodes:
        key = last.get(node.level)
        if key is None or len(hashes[key]) == MOST_IN_RUN:
            key = last[node.level] = node.level, node.index
            hashes[key] = []
        hashes[key].append(node.hash)
    return [Node(level, first, b"".join(found)) for (level, first), found in hashes.items()]


def root(frontier: Frontier) -> bytes:
    """The hash of the whole tree."""
    return join(frontier.hashes) if frontier.hashes else EMPTY_ROOT


def join(subtrees: Iterable[bytes]) -> bytes:
    """The hash over adjacent complete subtrees, largest first; at least one."""
    rightmost, *others = reversed(list(subtrees))
    for left in others:
        rightmost = node_hash(left, rightmost)
    return rightmost
