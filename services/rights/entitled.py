"""Entitlements of many persons in columns: windows opened by grounds, neighbours made one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from mesh.periods import Period
from services.rights import almanac, spans
from services.rights.domain import Entitlement
from services.rights.provisions import Window
from services.rights.spans import DAY_BITS, FIRST, NEVER, NONE, Days, Flags, Spans

_VERSION_BITS = 8
_DAY = (1 << DAY_BITS) - 1


@dataclass(frozen=True, slots=True)
class Entitled:
    """One right of many persons, in order of person and begin; see `domain.Entitlement`."""

    days: Spans
    renewable: Flags
    ground_begin: Days
    ground_end: Days
    version: NDArray[np.int8]
    """Its place in `names`."""
    names: tuple[str, ...]
    worth: Spans = NONE
    """What it is worth: days and cents by the place of the entitlement."""

    def __len__(self) -> int:
        return len(self.days)

    def had(self) -> Spans:
        """The days of the right as a fact: what is renewable is had as far as can be seen."""
        end = np.where(self.renewable, NEVER, self.days.end).astype(np.int32)
        return spans.merged([Spans(self.days.who, self.days.begin, end)])

    def from_day(self, since: int) -> Entitled:
        """Without worth: what has days from then on, cut to them."""
        places = np.flatnonzero(self.days.end > since)
        if len(places) == len(self) and (self.days.begin >= since).all():
            return self
        days = self.days.at(places)
        return Entitled(
            Spans(days.who, np.maximum(days.begin, np.int32(since)), days.end),
            self.renewable.take(places),
            self.ground_begin.take(places),
            self.ground_end.take(places),
            self.version.take(places),
            self.names,
        )

    def of(self, persons: NDArray[np.int32]) -> list[tuple[int, Entitlement]]:
        """Those of some persons, given in order."""
        wanted = np.isin(self.days.who, persons)
        places = np.flatnonzero(wanted)
        worth = self.worth
        if len(worth):
            new = np.cumsum(wanted) - 1
            kept = worth.where(wanted[worth.who])
            worth = replace(kept, who=new[kept.who].astype(np.int32))
        return Entitled(
            self.days.at(places),
            self.renewable.take(places),
            self.ground_begin.take(places),
            self.ground_end.take(places),
            self.version.take(places),
            self.names,
            worth,
        ).nouns()

    def nouns(self) -> list[tuple[int, Entitlement]]:
        """Person by person, as the evaluation of one at a time words them."""
        worth: dict[int, list[tuple[Period, int]]] = {}
        if self.worth.value is not None:
            for of, begin, end, cents in zip(
                self.worth.who, self.worth.begin, self.worth.end, self.worth.value, strict=True
            ):
                worth.setdefault(int(of), []).append((_period(begin, end), int(cents)))
        return [
            (
                int(self.days.who[at]),
                Entitlement(
                    _period(self.days.begin[at], self.days.end[at]),
                    bool(self.renewable[at]),
                    _period(self.ground_begin[at], self.ground_end[at]),
                    self.names[self.version[at]],
                    tuple(worth.get(at, ())),
                ),
            )
            for at in range(len(self))
        ]


@dataclass(frozen=True, slots=True)
class Grounds:
    """When a condition of a version is met, and for whom it still is after the horizon."""

    window: Window
    days: Spans
    runs_on: Flags
    version: str


@dataclass(frozen=True, slots=True)
class Opened:
    """Windows before neighbours are made one, each with its ground."""

    days: Spans
    renewable: Flags
    ground: Spans
    version: str


def opened(grounds: Grounds, since: int, until: date) -> list[Opened]:
    """`windows.opened` for every ground; those that begin on `until` or later open nothing."""
    horizon = spans.number(until)
    places = np.flatnonzero(grounds.days.begin < horizon)
    if not len(places):
        return []
    within = replace(grounds, days=grounds.days.at(places), runs_on=grounds.runs_on.take(places))
    if grounds.window.on:
        return _on_reference_days(within, since, until)
    window, days = grounds.window, within.days
    last_days = np.minimum(days.end, horizon) - np.int32(1)
    begin = np.maximum(almanac.begins(window.begin, days.begin), since)
    end = almanac.ends(window.until, days.begin, last_days)
    return [_windows(begin, end, within, horizon)]


def _on_reference_days(grounds: Grounds, since: int, until: date) -> list[Opened]:
    """A year at a time: on its day, all have the same window."""
    month, number = map(int, grounds.window.on.split("-"))
    horizon, days, found = spans.number(until), grounds.days, []
    for year in range(spans.day(int(days.begin.min())).year, until.year + 1):
        day = spans.number(date(year, month, number))
        there = np.flatnonzero((days.begin <= day) & (days.end > day))
        if day >= horizon or not len(there):
            continue
        only = np.array([day], np.int32)
        begin = np.maximum(almanac.begins(grounds.window.begin, only), since)
        end = almanac.ends(grounds.window.until, only, only)
        begins, ends = (np.broadcast_to(each, (len(there),)) for each in (begin, end))
        those = replace(grounds, days=days.at(there), runs_on=grounds.runs_on.take(there))
        found.append(_windows(begins, ends, those, horizon))
    return found


def _windows(begin: Days, end: Days, grounds: Grounds, horizon: int) -> Opened:
    kept = np.flatnonzero(begin < end)
    who, end = grounds.days.who.take(kept), end.take(kept)
    days = Spans(who, begin.take(kept).astype(np.int32), end.astype(np.int32))
    renewable = grounds.runs_on.take(kept) & (end >= horizon)
    return Opened(days, renewable, grounds.days.at(kept), grounds.version)


def joined(found: Sequence[Opened]) -> Entitled:
    """Neighbours made one; the ground that reaches furthest explains them."""
    names = tuple(sorted({each.version for each in found}))
    assert len(names) < 1 << (_VERSION_BITS - 1)
    key, further = _keys(found, {name: place for place, name in enumerate(names)})
    order = np.argsort(key, kind="stable")
    whole, further = spans.unpacked(key[order]), further[order]
    if not len(whole):
        nothing = np.empty(0, np.int32)
        return Entitled(NONE, nothing > 0, nothing, nothing, nothing.astype(np.int8), names)
    heads, ends = spans.clusters(whole)
    furthest = np.maximum.reduceat(further, heads)
    renewable = np.concatenate([each.renewable for each in found])[order]
    return Entitled(
        Spans(whole.who[heads], whole.begin[heads], ends),
        np.maximum.reduceat(renewable, heads),
        (((furthest >> _VERSION_BITS) & _DAY) + FIRST).astype(np.int32),
        ((furthest >> (_VERSION_BITS + DAY_BITS)) + FIRST).astype(np.int32),
        (furthest & ((1 << _VERSION_BITS) - 1)).astype(np.int8),
        names,
    )


def _keys(
    found: Sequence[Opened], places: Mapping[str, int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """What sorts the windows, and what tells whose ground reaches furthest."""
    keys, further = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for each in found:
        keys.append(spans.packed(each.days.who, each.days.begin, each.days.end))
        reach = (each.ground.end.astype(np.int64) - FIRST) << DAY_BITS
        reach |= each.ground.begin.astype(np.int64) - FIRST
        further.append((reach << _VERSION_BITS) | places[each.version])
    return np.concatenate(keys), np.concatenate(further)


def _period(begin: np.int32, end: np.int32) -> Period:
    return Period(spans.day(int(begin)), spans.day(int(end)))
