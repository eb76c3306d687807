"""Periods of days, half-open, with open ends at `date.min` and `date.max`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from crossroads.types.v1 import types_pb2


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """The days from `begin` up to but not including `end`."""

    begin: date
    end: date

    def __post_init__(self) -> None:
        if self.begin >= self.end:
            raise ValueError("the end of a period must come after its begin")

    def __contains__(self, day: date) -> bool:
        return self.begin <= day < self.end

    def overlaps(self, other: Period) -> bool:
        return self.begin < other.end and other.begin < self.end

    def touches(self, other: Period) -> bool:
        """Overlaps, or one begins on the day the other ends."""
        return self.begin <= other.end and other.begin <= self.end

    def covers(self, other: Period) -> bool:
        return self.begin <= other.begin and other.end <= self.end

    def intersection(self, other: Period) -> Period | None:
        begin, end = max(self.begin, other.begin), min(self.end, other.end)
        return Period(begin, end) if begin < end else None

    def minus(self, other: Period) -> tuple[Period, ...]:
        """What is left of this period without the other: none, one or two pieces."""
        if not self.overlaps(other):
            return (self,)
        pieces = ((self.begin, other.begin), (other.end, self.end))
        return tuple(Period(begin, end) for begin, end in pieces if begin < end)


ALWAYS = Period(date.min, date.max)


def merge(periods: Iterable[Period]) -> tuple[Period, ...]:
    """The same days in the fewest periods, in order."""
    merged: list[Period] = []
    for period in sorted(periods):
        if merged and merged[-1].touches(period):
            merged[-1] = Period(merged[-1].begin, max(merged[-1].end, period.end))
        else:
            merged.append(period)
    return tuple(merged)


def covered(period: Period, by: Iterable[Period]) -> bool:
    """Whether every day of `period` is in one of `by`."""
    return any(whole.covers(period) for whole in merge(by))


def from_wire(wire: types_pb2.Period) -> Period:
    """Raises ValueError for a day that does not exist or a reversed period."""
    return _read(wire.begin, wire.end)


def to_wire(period: Period) -> types_pb2.Period:
    begin, end = _written(period)
    return types_pb2.Period(begin=begin, end=end)


@lru_cache(maxsize=16_384)
def _read(begin: str, end: str) -> Period:
    return Period(
        date.fromisoformat(begin) if begin else date.min,
        date.fromisoformat(end) if end else date.max,
    )


@lru_cache(maxsize=16_384)
def _written(period: Period) -> tuple[str, str]:
    return (
        "" if period.begin == date.min else period.begin.isoformat(),
        "" if period.end == date.max else period.end.isoformat(),
    )
