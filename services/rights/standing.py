"""What was decided, in columns, and whose rights differ from it now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from services.rights import extracts, spans
from services.rights.entitled import Entitled
from services.rights.extracts import Table
from services.rights.spans import NEVER, Days, Flags, Spans

_DAY = "({} - DATE '1970-01-01')"
_MANY = 1_000_003
_SUM = """
    CASE WHEN amounts = '[]' THEN 0 ELSE (
        SELECT sum((begin_day + 1000003) * (cents * 2 + 1) + end_day) FROM (
            SELECT ((a->>0)::date - DATE '1970-01-01')::bigint AS begin_day,
                   ((a->>1)::date - DATE '1970-01-01')::bigint AS end_day,
                   (a->>2)::bigint AS cents FROM jsonb_array_elements(amounts) AS a
        ) AS schedule
    ) END
"""
_DECISIONS = {
    "ssin": ("bigint", "ssin"),
    "entitlement": ("bigint", "hashtextextended(entitlement_id, 0)"),
    "sequence": ("bigint", "sequence"),
    "right": ("smallint", "coalesce(rights.code, -1)"),
    "begin": ("integer", _DAY.format("begin")),
    "end": ("integer", _DAY.format('"end"')),
    "void": ("boolean", "void"),
    "renewable": ("boolean", "renewable"),
    "sum": ("bigint", _SUM),
}
_DUES = {
    "ssin": ("bigint", "ssin"),
    "right": ("smallint", "coalesce(rights.code, -1)"),
    "due_on": ("integer", _DAY.format("due_on")),
}


@dataclass(frozen=True, slots=True)
class Lines:
    """Of one right, in order of person and begin: days, whether it goes on, and a sum of amounts.

    Schedules of amounts that differ give different sums, but for one in many millions of millions.
    """

    days: Spans
    renewable: Flags
    sum: NDArray[np.int64]

    def of(self, first: int, persons: int) -> Lines:
        """Of persons who stand together, numbered from the first of them."""
        begin, end = np.searchsorted(self.days.who, [first, first + persons])
        part = slice(int(begin), int(end))
        days = Spans(
            self.days.who[part] - np.int32(first), self.days.begin[part], self.days.end[part]
        )
        return Lines(days, self.renewable[part], self.sum[part])


@dataclass(frozen=True, slots=True)
class Dues:
    """Of one right, in order of person: the days on which to look again."""

    who: NDArray[np.int32]
    on: Days

    def of(self, first: int, persons: int) -> Days:
        """Of persons who stand together, one by one; `NEVER` for none."""
        found = np.full(persons, NEVER, np.int32)
        begin, end = np.searchsorted(self.who, [first, first + persons])
        found[self.who[begin:end] - first] = self.on[begin:end]
        return found


@dataclass(frozen=True, slots=True)
class Decided:
    """All decisions and due dates as the database has them."""

    rights: Sequence[str]
    decisions: Table
    dues: Table


def read(connection: psycopg.Connection, rights: Sequence[str]) -> Decided:
    """The transaction is to be REPEATABLE READ."""
    coded = _coded(rights)
    return Decided(
        rights,
        extracts.whole(extracts.read(connection, "decisions", _DECISIONS, coded)),
        extracts.whole(extracts.read(connection, "dues", _DUES, coded)),
    )


def lines(decided: Decided, ssins: NDArray[np.int64]) -> dict[str, Lines]:
    """By right what stands of persons in that order: of each entitlement the newest decision."""
    rights, found = decided.rights, decided.decisions
    if not found:
        empty = Lines(spans.NONE, np.empty(0, np.bool_), np.empty(0, np.int64))
        return dict.fromkeys(rights, empty)
    newest = _newest(found["entitlement"], found["sequence"]) & ~found["void"].astype(np.bool_)
    who, known = _places(ssins, found["ssin"])
    newest &= known
    return {
        right: _lines(who, found, np.flatnonzero(newest & (found["right"] == code)))
        for code, right in enumerate(rights)
    }


def dues(decided: Decided, ssins: NDArray[np.int64]) -> dict[str, Dues]:
    """By right when persons in that order are to be looked at again."""
    rights, found = decided.rights, decided.dues
    if not found:
        return dict.fromkeys(rights, Dues(np.empty(0, np.int32), np.empty(0, np.int32)))
    who, known = _places(ssins, found["ssin"])
    by_right = {}
    for code, right in enumerate(rights):
        rows = np.flatnonzero(known & (found["right"] == code))
        rows = rows[np.argsort(who.take(rows), kind="stable")]
        by_right[right] = Dues(who.take(rows).astype(np.int32), found["due_on"].take(rows))
    return by_right


def differing(entitled: Entitled, decided: int, stands: Lines) -> NDArray[np.int32]:
    """Which of the first persons have other days, another promise or other amounts than stand."""
    mine = np.flatnonzero(entitled.days.who < decided)
    days, renewable = entitled.days.at(mine), entitled.renewable.take(mine)
    differ = np.zeros(decided, np.bool_)
    one = _key(days), _attributes(renewable, _sums(entitled).take(mine))
    other = _key(stands.days), _attributes(stands.renewable, stands.sum)
    for (key, what), (others, others_what), who in (
        (one, other, days.who),
        (other, one, stands.days.who),
    ):
        place = np.minimum(np.searchsorted(others, key), max(len(others) - 1, 0))
        if not len(others):
            differ[who] = True
            continue
        same = (others.take(place) == key) & (others_what.take(place) == what)
        differ[who[~same]] = True
    return np.flatnonzero(differ).astype(np.int32)


def _coded(rights: Sequence[str]) -> str:
    codes = ", ".join(f"({code}, '{right}')" for code, right in enumerate(rights))
    return f'LEFT JOIN (VALUES {codes}) AS rights(code, name) ON rights.name = "right"'


def _places(ssins: NDArray[np.int64], asked: NDArray[np.int64]) -> tuple[NDArray[np.int64], Flags]:
    """Where each of the asked stands, and whether she is there at all."""
    by_number = np.argsort(ssins)
    place = np.minimum(np.searchsorted(ssins[by_number], asked), len(ssins) - 1)
    who = by_number[place]
    return who, ssins[who] == asked


def _newest(entitlement: NDArray[Any], sequence: NDArray[Any]) -> Flags:
    """Most have one decision: only the others are put in order."""
    ordered = np.sort(entitlement)
    twice = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    newest = np.ones(len(entitlement), np.bool_)
    if len(twice):
        rows = np.flatnonzero(np.isin(entitlement, twice))
        order = rows[np.lexsort((sequence[rows], entitlement[rows]))]
        newest[order[:-1]] = entitlement[order[1:]] != entitlement[order[:-1]]
    return newest


def _lines(
    who: NDArray[np.int64], found: Mapping[str, NDArray[Any]], rows: NDArray[np.int64]
) -> Lines:
    begin = found["begin"].take(rows)
    rows = rows[np.lexsort((begin, who.take(rows)))]
    days = Spans(
        who.take(rows).astype(np.int32),
        found["begin"].take(rows).astype(np.int32),
        found["end"].take(rows).astype(np.int32),
    )
    return Lines(
        days,
        found["renewable"].take(rows).astype(np.bool_),
        found["sum"].take(rows).astype(np.int64),
    )


def _key(days: Spans) -> NDArray[np.int64]:
    return spans.packed(days.who, days.begin, days.end)


def _attributes(renewable: Flags, sums: NDArray[np.int64]) -> NDArray[np.int64]:
    return sums * 2 + renewable


def _sums(entitled: Entitled) -> NDArray[np.int64]:
    """As the statement above makes them of the amounts of a decision."""
    worth, found = entitled.worth, np.zeros(len(entitled), np.int64)
    if worth.value is not None and len(worth):
        each = (worth.begin.astype(np.int64) + _MANY) * (worth.value * 2 + 1) + worth.end
        heads = np.flatnonzero(np.diff(worth.who, prepend=-1))
        found[worth.who[heads]] = np.add.reduceat(each, heads)
    return found
