"""Proofs of RFC 9162, sections 2.1.3 and 2.1.4: which nodes they take, and their verification.

A proof is a list of ranges of leaves. Each range is adjacent complete subtrees, so that
any proof in a tree of n leaves reads O(log n) stored nodes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.ledger import tree

Place = tuple[int, int]
"""Level and index of a node."""


@dataclass(frozen=True, slots=True)
class Range:
    """Leaves `begin` up to and without `end`, with one hash over all of them."""

    begin: int
    end: int


def inclusion(index: int, size: int) -> tuple[Range, ...]:
    """The audit path of a leaf, from leaf to root. Raises ValueError outside the tree."""
    if not 0 <= index < size:
        raise ValueError("the leaf is not in that tree")
    path: list[Range] = []
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            path.append(Range(middle, end))
            end = middle
        else:
            path.append(Range(begin, middle))
            begin = middle
    return tuple(reversed(path))


def consistency(first: int, second: int) -> tuple[Range, ...]:
    """The proof that `second` leaves begin with the same `first` leaves.

    Empty where either is empty or both are equal. Raises ValueError when first > second.
    """
    if not 0 <= first <= second:
        raise ValueError("the first tree is larger than the second")
    if first in {0, second}:
        return ()
    path: list[Range] = []
    begin, end, whole = 0, second, True
    while end != first:
        middle = begin + _split(end - begin)
        if first <= middle:
            path.append(Range(middle, end))
            end = middle
        else:
            path.append(Range(begin, middle))
            begin, whole = middle, False
    if not whole:
        path.append(Range(begin, end))
    return tuple(reversed(path))


def places(ranges: Iterable[Range]) -> tuple[Place, ...]:
    """Every stored node that the ranges are made of."""
    return tuple(place for one in ranges for place in subtrees(one))


def subtrees(leaves: Range) -> tuple[Place, ...]:
    """The complete subtrees of a range of a proof, largest first."""
    found: list[Place] = []
    begin = leaves.begin
    while begin < leaves.end:
        level = (leaves.end - begin).bit_length() - 1
        found.append((level, begin >> level))
        begin += 1 << level
    return tuple(found)


def hashes(ranges: Iterable[Range], nodes: Mapping[Place, bytes]) -> tuple[bytes, ...]:
    """The proof itself. Raises KeyError where a node is not given."""
    return tuple(tree.join(nodes[place] for place in subtrees(one)) for one in ranges)


def includes(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether a leaf's hash is at `index` in the tree of that root (section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    here, last, computed = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if here & 1 or here == last:
            computed = tree.node_hash(sibling, computed)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            computed = tree.node_hash(computed, sibling)
        here, last = here >> 1, last >> 1
    return last == 0 and computed == root


def extends(
    first: int, first_root: bytes, second: int, second_root: bytes, path: Sequence[bytes]
) -> bool:
    """Whether the second tree begins with the first one (section 2.1.4.2)."""
    if not 0 <= first <= second:
        return False
    if first in {0, second}:
        known = tree.EMPTY_ROOT if first == 0 else second_root
        return not path and first_root == known
    if first & (first - 1) == 0:
        path = (first_root, *path)
    if not path:
        return False
    here, last = first - 1, second - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if here & 1 or here == last:
            old, new = tree.node_hash(sibling, old), tree.node_hash(sibling, new)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            new = tree.node_hash(new, sibling)
        here, last = here >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root


def _split(size: int) -> int:
    """The largest power of two smaller than `size`, which is at least 2."""
    return 1 << ((size - 1).bit_length() - 1)
