"""Seats: in which parts each person of a country stands, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.rights import extracts, spans
from services.rights.spans import Rows


@dataclass(frozen=True, slots=True)
class Seats:
    """Everybody stands in the part in which she is decided, and where else her facts count."""

    ssins: NDArray[np.int64]
    """In order of number."""
    rank: NDArray[np.int32]
    """The place in the country of each."""
    each: int
    """So many are decided in a part."""
    first: NDArray[np.int32]
    """By place in the country the first seat, and the number of seats at the end."""
    part: NDArray[np.int16]
    place: NDArray[np.int32]

    @staticmethod
    def of(
        ssins: NDArray[np.int64],
        rank: NDArray[np.int32],
        each: int,
        parts: Sequence[NDArray[np.int32]],
    ) -> Seats:
        """`parts` has, of each part, everybody in it by their place in the country."""
        who = np.concatenate(parts) if parts else np.empty(0, np.int32)
        part = np.repeat(np.arange(len(parts), dtype=np.int16), [len(found) for found in parts])
        place = np.concatenate([np.arange(len(found), dtype=np.int32) for found in parts] or [who])
        order = np.argsort(who, kind="stable")
        counts = np.bincount(who, minlength=len(ssins))
        first = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
        return Seats(ssins, rank, each, first, part.take(order), place.take(order))

    def found(self, asked: NDArray[np.int64]) -> tuple[Rows, NDArray[np.bool_]]:
        """Of those who are in the country the places, and which of the asked they are."""
        place, known = extracts.places(self.ssins, asked)
        return self.rank.take(place), known

    def all_of(self, who: Rows) -> tuple[Rows, Rows, Rows]:
        """Every seat of each person given: which of them it is, the part, and the place there."""
        first = self.first.take(who).astype(np.int64)
        counts = self.first.take(who + 1) - first
        seats = spans.expanded(counts, first)
        given = np.repeat(np.arange(len(who)), counts)
        return given, self.part.take(seats), self.place.take(seats)

    def own(self, who: Rows) -> tuple[Rows, Rows]:
        """The part in which each is decided, and the place there."""
        return who // self.each, who % self.each
