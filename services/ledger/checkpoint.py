"""Signed checkpoints, in the C2SP format tlog-checkpoint, as signed notes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mesh import notes
from mesh.notes import Untrusted, VerifierKey

ORIGIN = "crossroads.belgium/ledger"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a tree: its size and its root."""

    origin: str
    size: int
    root: bytes

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{notes.text_of(self.root)}\n"


def parse(text: str) -> Checkpoint:
    """Read a checkpoint; further lines are extensions and do not count. Raises Untrusted."""
    try:
        origin, size, encoded, *_ = text.split("\n")
        root = notes.bytes_of(encoded)
    except ValueError as error:
        raise Untrusted("this is not a checkpoint") from error
    canonical = re.fullmatch("0|[1-9][0-9]{0,18}", size)
    if not origin or not canonical or len(root) != 32:
        raise Untrusted("this is not a checkpoint")
    return Checkpoint(origin, int(size), root)


def open_checkpoint(note: str, key: VerifierKey) -> Checkpoint:
    """The checkpoint in a note signed by the key of the same origin. Raises Untrusted."""
    found = parse(notes.open_note(note, key))
    if found.origin != key.name:
        raise Untrusted("the checkpoint is that of another log")
    return found
