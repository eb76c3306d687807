"""What the ledger knows: entries, where they stand, and what cannot be written."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from services.ledger import tree


@dataclass(frozen=True, slots=True)
class Entry:
    """A line to write: what it is found by, and the bytes that are committed to."""

    entry_id: str
    ticket: str
    ssin: str = field(repr=False)
    content: bytes = field(repr=False)
    kind: int = 0
    institution: str = ""
    outcome: int = 0
    data_sorts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Search:
    """Which entries; what is empty, 0 or None does not narrow it. The end is not included."""

    ssin: str = field(default="", repr=False)
    ticket: str = ""
    institution: str = ""
    kind: int = 0
    outcome: int = 0
    data_sort: str = ""
    recorded_from: datetime | None = None
    recorded_until: datetime | None = None

    @property
    def is_narrow(self) -> bool:
        """Whether an index leads to what is searched."""
        moments = (self.recorded_from, self.recorded_until)
        return bool(self.ssin or self.ticket or self.institution or self.kind or any(moments))


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
    recorded_at: datetime
