"""What the ledger knows: entries, where they stand, and what cannot be written."""

from __future__ import annotations

from dataclasses import dataclass, field

from services.ledger import tree


@dataclass(frozen=True, slots=True)
class Entry:
    """A line to write: what it is found by, and the bytes that are committed to."""

    entry_id: str
    ticket: str
    ssin: str = field(repr=False)
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Leaf:
    """An entry's place in the tree."""

    entry_id: str
    index: int


@dataclass(frozen=True, slots=True)
class Known:
    """An entry written before: its place, and the digest of what was written."""

    index: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Conflict:
    """The entry at `position` of a request bears the id of another content."""

    position: int


@dataclass(frozen=True, slots=True)
class Sealed:
    """A written entry with its salt, and the hash of its leaf as the tree holds it."""

    index: int
    leaf_hash: bytes
    salt: bytes = field(repr=False)
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Addition:
    """What one transaction adds to the ledger."""

    first_index: int
    entries: tuple[Entry, ...]
    digests: tuple[bytes, ...]
    salts: tuple[bytes, ...]
    frontier: tree.Frontier
    nodes: tuple[tree.Node, ...]


@dataclass(frozen=True, slots=True)
class Access:
    """A written entry, as those see it who may read it."""

    index: int
    content: bytes = field(repr=False)
