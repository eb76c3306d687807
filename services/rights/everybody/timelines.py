"""Timelines: the days on which conditions hold, worked out from spans, without cutting groups.

It does for conditions without numbers what `grid` and `columns` do for all: its cost follows
from how much was said, and not from how many members live through it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from services.rights.everybody import spans
from services.rights.everybody.roster import Held, Roster
from services.rights.everybody.spans import FIRST, NEVER, NONE, Days, Flags, Spans
from services.rights.law import expression
from services.rights.law.expression import Aged, Has, Is, Joined, Known, Node, Not, Over, Person

_ASKED = (Has, Known, Aged, Is, Not, Joined, Person)


def can(node: Node) -> bool:
    """Whether a condition counts nothing."""
    return all(
        isinstance(n, _ASKED)
        or (isinstance(n, Over) and n.quantifier in ("any_member", "all_members"))
        for n in expression.walk(node)
    )


@dataclass(frozen=True, slots=True)
class Bounds:
    """One span for every row, by column; none where it would end before it begins."""

    begin: Days
    end: Days

    def spans(self) -> Spans:
        rows = np.flatnonzero(self.begin < self.end)
        return Spans(rows.astype(np.int32), self.begin.take(rows), self.end.take(rows))


@dataclass(frozen=True, slots=True)
class Line:
    """Where a condition holds; `but` where it does not. By row, or by group."""

    holds: Spans | Bounds
    of_rows: bool
    but: bool = False


@dataclass(frozen=True, slots=True)
class Timelines:
    """Of the members of a roster, who has which facts on which days."""

    roster: Roster
    facts: Mapping[str, Spans]
    """By row."""
    begin: int
    end: int
    """Days before and after do not matter."""

    def met(self, node: Node) -> Spans:
        """Whose days meet a condition, while they belong to a group, in the fewest spans."""
        line = self._line(node)
        if line.but:
            line = self._both(Line(self.roster.days(), of_rows=True), line)
        found = self._plain(line)
        if not line.of_rows:
            found = self.roster.spread(found)
        return self.roster.named(found.within(self.begin, self.end))

    def _line(self, node: Node) -> Line:  # noqa: PLR0911 - one answer a node
        match node:
            case Has(fact=fact) | Known(fact=fact):
                return Line(self.facts[fact].within(self.begin, self.end), of_rows=True)
            case Aged():
                return Line(self._aged(node), of_rows=True)
            case Is(role=role):
                mine = self.roster.role(role)
                begin = np.where(mine, np.int32(FIRST), np.int32(NEVER))
                return Line(Bounds(begin, np.full(len(mine), NEVER, np.int32)), of_rows=True)
            case Over(quantifier="any_member", of=of):
                return self._some(self._line(of))
            case Over(of=of):
                return _contrary(self._some(_contrary(self._line(of))))
            case Person(of=of):
                return self._line(of)
            case Not(of=of):
                return _contrary(self._line(of))
            case Joined(word="and", parts=parts):
                return self._every(parts)
            case Joined(parts=parts):
                return self._either(parts)
        raise TypeError(expression.write(node))

    def _every(self, parts: tuple[Node, ...]) -> Line:
        lines = sorted(map(self._line, parts), key=_size)
        found = lines[0]
        for line in lines[1:]:
            found = self._both(found, line)
        return found

    def _either(self, parts: tuple[Node, ...]) -> Line:
        lines = list(map(self._line, parts))
        of_rows = any(line.of_rows for line in lines)
        if any(line.but for line in lines):
            found = _contrary(lines[0])
            for line in lines[1:]:
                found = self._both(found, _contrary(line))
            return _contrary(found)
        plain = [self._lifted(line, of_rows=of_rows) for line in lines]
        return Line(spans.merged(plain), of_rows=of_rows)

    def _lifted(self, line: Line, *, of_rows: bool) -> Spans:
        found = self._plain(line)
        return self.roster.spread(found) if of_rows and not line.of_rows else found

    def _both(self, one: Line, other: Line) -> Line:
        of_rows = one.of_rows or other.of_rows
        if one.but and other.but:
            either = [self._lifted(line, of_rows=of_rows) for line in (one, other)]
            return Line(spans.merged(either), of_rows=of_rows, but=True)
        if one.but:
            one, other = other, one
        if isinstance(one.holds, Bounds) and isinstance(other.holds, Bounds) and not other.but:
            return Line(_narrowed(one.holds, other.holds), of_rows=True)
        if isinstance(other.holds, Bounds) and not other.but:
            return Line(_clipped(self._lifted(one, of_rows=True), other.holds), of_rows=True)
        if isinstance(one.holds, Bounds) and not other.but:
            return Line(_clipped(self._lifted(other, of_rows=True), one.holds), of_rows=True)
        first = self._lifted(one, of_rows=of_rows)
        second = self._lifted(other, of_rows=of_rows)
        rows = len(self.roster.members) if of_rows else self.roster.groups
        made = without(first, second, rows) if other.but else common(first, second, rows)
        return Line(made, of_rows=of_rows)

    def _some(self, line: Line) -> Line:
        if line.but:
            line = self._both(Line(self.roster.days(), of_rows=True), line)
        return Line(self.roster.gathered(self._plain(line)), of_rows=False)

    def _plain(self, line: Line) -> Spans:
        if isinstance(line.holds, Spans):
            return line.holds
        found = line.holds
        if not self.roster.whole:
            found = _narrowed(found, Bounds(self.roster.members.begin, self.roster.members.end))
        return found.spans().within(self.begin, self.end)

    def _aged(self, node: Aged) -> Bounds:
        births, years = self.roster.births_of_rows, node.years
        for_ever = np.full(len(births), NEVER, np.int32)
        match node.sign:
            case ">=":
                return Bounds(self.roster.birthday(years), for_ever)
            case ">":
                return Bounds(self.roster.birthday(years + 1), for_ever)
            case "<":
                return Bounds(births, self.roster.birthday(years))
            case "<=":
                return Bounds(births, self.roster.birthday(years + 1))
        return Bounds(self.roster.birthday(years), self.roster.birthday(years + 1))


def common(one: Spans, other: Spans, rows: int) -> Spans:
    """The days that are in both."""
    if not len(one) or not len(other):
        return NONE
    given, place = Held.of(other, rows).on(one.who)
    begin = np.maximum(one.begin.take(given), other.begin.take(place))
    end = np.minimum(one.end.take(given), other.end.take(place))
    kept = np.flatnonzero(begin < end)
    return Spans(one.who.take(given.take(kept)), begin.take(kept), end.take(kept))


def without(one: Spans, other: Spans, rows: int) -> Spans:
    """The days of one that are not in the other."""
    if not len(one) or not len(other):
        return one
    wanted = np.zeros(rows, np.bool_)
    wanted[one.who] = True
    return common(one, gaps(other.at(np.flatnonzero(wanted[other.who])), wanted), rows)


def gaps(found: Spans, wanted: Flags) -> Spans:
    """The days of the wanted rows on which they have nothing."""
    rows = np.flatnonzero(wanted)
    counts = 1 + np.bincount(found.who, minlength=len(wanted))[rows]
    lasts = np.cumsum(counts) - 1
    begin = np.full(int(lasts[-1]) + 1, FIRST, np.int32)
    end = np.full(len(begin), NEVER, np.int32)
    inner = np.ones(len(begin), np.bool_)
    inner[lasts] = False
    places = np.flatnonzero(inner)
    end[places] = found.begin
    begin[places + 1] = found.end
    who = np.repeat(rows, counts).astype(np.int32)
    return Spans(who, begin, end).at(np.flatnonzero(begin < end))


def _clipped(found: Spans, bounds: Bounds) -> Spans:
    begin = np.maximum(found.begin, bounds.begin.take(found.who))
    end = np.minimum(found.end, bounds.end.take(found.who))
    kept = np.flatnonzero(begin < end)
    return Spans(found.who.take(kept), begin.take(kept), end.take(kept))


def _narrowed(one: Bounds, other: Bounds) -> Bounds:
    return Bounds(np.maximum(one.begin, other.begin), np.minimum(one.end, other.end))


def _contrary(line: Line) -> Line:
    """Of one that never ends again, the days before it, and the reverse."""
    if isinstance(line.holds, Bounds) and not line.but:
        begin, end = line.holds.begin, line.holds.end
        if (end == NEVER).all():
            return Line(Bounds(np.full(len(begin), FIRST, np.int32), begin), of_rows=True)
    return Line(line.holds, of_rows=line.of_rows, but=not line.but)


def _size(line: Line) -> tuple[bool, float]:
    """The smallest first; what only narrows others last."""
    if isinstance(line.holds, Bounds):
        return (True, 0)
    return (line.but, len(line.holds))
