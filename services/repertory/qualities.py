"""In which qualities a sector knows persons, by its code list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class CodeLists:
    """The code list of each sector, beside the codes that every sector has."""

    every: frozenset[int]
    by_sector: Mapping[int, frozenset[int]]

    def unknown(self, sector: int, qualities: Iterable[int]) -> tuple[int, ...]:
        """Those of `qualities` that the sector does not have."""
        known = self.every | self.by_sector.get(sector, frozenset())
        return tuple(quality for quality in qualities if quality not in known)


def of(document: Mapping[Any, Mapping[int, Any]]) -> CodeLists:
    """Read `{every: {<code>: <names>}, <sector>: {<code>: <names>}}`."""
    return CodeLists(
        frozenset(document["every"]),
        {sector: frozenset(codes) for sector, codes in document.items() if sector != "every"},
    )
