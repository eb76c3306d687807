"""Runs of pieces that follow each other in plain text: the tree gets an empty one for them all."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.skeletons import Skeletons

LONGEST = 1 << 20
"""Characters after which a run ends, so that no blank in its place is too long for a tree."""
_PROLOG = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:<\?xml\s+version\s*=\s*[\"'][^\"']*[\"']"
    rb"(?:\s+encoding\s*=\s*[\"'](?:utf-8|us-ascii|iso-8859-15?|windows-1252)[\"'])?"
    rb"(?:\s+standalone\s*=\s*[\"'][^\"']*[\"'])?\s*\?>)?\s*<(?!\?)",
    re.IGNORECASE,
)
"""Encodings in which the bytes of ASCII stand for nothing else."""
_BLANK = bytes(byte if byte in b"\t\r\n" else 0x20 for byte in range(256))


@dataclass(frozen=True, slots=True)
class Run:
    """The wire form of each piece, where the run ends, and what the tree gets in its place."""

    pieces: list[bytes]
    end: int
    stub: bytes
    """As long and with as many lines, but blank, except for an empty piece where the last stood."""


def read(text: str, begin: int, skeletons: Skeletons) -> Run | None:
    """The pieces that stand from `begin` on, as far as nothing is amiss in them; None: there is
    none. A piece must be allowed to begin there.
    """
    pieces, last, end = list[bytes](), begin, begin
    while end - begin < LONGEST and (found := skeletons.read(text, end)) is not None:
        last = end
        wire, end = found
        pieces.append(wire)
    if not pieces:
        return None
    opening, closing = f"<{skeletons.name}>".encode(), f"</{skeletons.name}>".encode()
    blank = text[begin:end].encode("latin-1").translate(_BLANK)
    start = text.index("<", last) - begin
    inner = blank[start + len(opening) : len(blank) - len(closing)]
    return Run(pieces, end, b"".join((blank[:start], opening, inner, closing)))


def begins_plainly(document: bytes) -> bool:
    """Whether the first bytes of a document tell that those of ASCII mean themselves."""
    return _PROLOG.match(document) is not None


def is_plain(written: bytes) -> bool:
    """Whether every tag in there is one: nothing is commented out, quoted or an instruction."""
    return b"<!" not in written and b"<?" not in written
