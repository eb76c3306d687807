"""Spans: days of many persons in columns, and what is done with all of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

Days = NDArray[np.int32]
"""Days counted from 1 January 1970."""
Rows = NDArray[Any]
"""Places in other columns, whole numbers of either width."""
Flags = NDArray[np.bool_]
Cents = NDArray[np.int64]

_EPOCH = date(1970, 1, 1).toordinal()
FIRST = date.min.toordinal() - _EPOCH
"""An open begin."""
NEVER = date.max.toordinal() - _EPOCH
"""An open end; as a day of birth, that it is not known."""
DAY_BITS = 22
"""A day fits in so many, counted from the first one; a place and two days fit in 63."""
MOST_ROWS = 1 << 19
_PLACE_BITS = 63 - 19 - DAY_BITS - 1
MOST_AT_ONCE = 1 << _PLACE_BITS
"""A row, a day and so many places fit together in 63 bits."""


def number(day: date) -> int:
    """A day as columns hold it."""
    return day.toordinal() - _EPOCH


def day(of: int) -> date:
    return date.fromordinal(int(of) + _EPOCH)


@dataclass(frozen=True, slots=True)
class Spans:
    """Half-open days, each of one row, in order of row and begin; never empty ones.

    Where `value` is there, each has a value: an amount in cents.
    """

    who: NDArray[np.int32]
    begin: Days
    end: Days
    value: Cents | None = None

    def __len__(self) -> int:
        return len(self.who)

    @property
    def nbytes(self) -> int:
        of_value = 0 if self.value is None else self.value.nbytes
        return self.who.nbytes + self.begin.nbytes + self.end.nbytes + of_value

    def where(self, kept: Flags) -> Spans:
        """Those that are flagged."""
        return self.at(np.flatnonzero(kept))

    def at(self, places: Rows) -> Spans:
        value = None if self.value is None else self.value.take(places)
        return Spans(self.who.take(places), self.begin.take(places), self.end.take(places), value)

    def within(self, begin: int, end: int) -> Spans:
        """Those that have a day within, cut to it."""
        if not len(self):
            return self
        there = (self.begin < end) & (self.end > begin)
        kept = self if there.all() else self.where(there)
        return Spans(kept.who, np.maximum(kept.begin, begin), np.minimum(kept.end, end), kept.value)

    def first_of(self, persons: int) -> NDArray[np.int64]:
        """The place of the first one of each row, and their number at the end."""
        return np.concatenate(([0], np.cumsum(np.bincount(self.who, minlength=persons))))


NONE = Spans(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.int32))


def expanded(counts: NDArray[np.int64], first: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each row so many places from its first one on, one after the other."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) + np.repeat(first - ends + counts, counts)


def distinct(of: Rows) -> Rows:
    """Each once and in order; for whole numbers sorting is quicker than `numpy.unique`."""
    found = np.sort(of)
    kept = np.ones(len(found), np.bool_)
    kept[1:] = found[1:] != found[:-1]
    return found[kept]


def packed(who: Rows, begin: Days, end: Days) -> NDArray[np.int64]:
    """Row, begin and end in one number that sorts in this order."""
    rows = who.astype(np.int64) << (2 * DAY_BITS)
    begins = (begin.astype(np.int64) - FIRST) << DAY_BITS
    return rows | begins | (end.astype(np.int64) - FIRST)


def unpacked(key: NDArray[np.int64]) -> Spans:
    mask = (1 << DAY_BITS) - 1
    begin = ((key >> DAY_BITS) & mask) + FIRST
    end = (key & mask) + FIRST
    who = key >> (2 * DAY_BITS)
    return Spans(who.astype(np.int32), begin.astype(np.int32), end.astype(np.int32))


def merged(found: Sequence[Spans]) -> Spans:
    """The same days in the fewest spans: those that touch become one."""
    left = [spans for spans in found if len(spans)]
    if not left:
        return NONE
    if len(left) == 1 and not _meets(left[0]).any():
        return Spans(left[0].who, left[0].begin, left[0].end)
    key = np.concatenate([packed(s.who, s.begin, s.end) for s in left])
    if not in_order(key):
        key.sort(kind="stable")
    whole = unpacked(key)
    heads, ends = clusters(whole)
    return Spans(whole.who[heads], whole.begin[heads], ends)


def clusters(sorted_spans: Spans) -> tuple[NDArray[np.int64], Days]:
    """Of spans in order, the place of the first of each run that touches, and its last end."""
    who = sorted_spans.who.astype(np.int64) << DAY_BITS
    reach = np.maximum.accumulate(who | (sorted_spans.end.astype(np.int64) - FIRST))
    opens = np.ones(len(who), np.bool_)
    opens[1:] = (who[1:] | (sorted_spans.begin[1:].astype(np.int64) - FIRST)) > reach[:-1]
    heads = np.flatnonzero(opens)
    lasts = np.append(heads[1:], len(who)) - 1
    return heads, ((reach[lasts] & ((1 << DAY_BITS) - 1)) + FIRST).astype(np.int32)


def _meets(spans: Spans) -> Flags:
    """Which of them touch the one before."""
    touching: Flags = (spans.who[1:] == spans.who[:-1]) & (spans.begin[1:] <= spans.end[:-1])
    return touching


def ordered(found: Spans) -> Spans:
    """In order of row and begin."""
    if found.value is None:
        key = packed(found.who, found.begin, found.end)
        if in_order(key):
            return found
        key.sort(kind="stable")
        return unpacked(key)
    key = found.who.astype(np.int64) << DAY_BITS | (found.begin.astype(np.int64) - FIRST)
    if in_order(key):
        return found
    if len(key) > MOST_AT_ONCE:
        return found.at(np.argsort(key, kind="stable"))
    placed = key << _PLACE_BITS | np.arange(len(key))
    placed.sort(kind="stable")
    return found.at(placed & (MOST_AT_ONCE - 1))


def in_order(key: NDArray[np.int64]) -> bool:
    return bool((key[1:] >= key[:-1]).all())
