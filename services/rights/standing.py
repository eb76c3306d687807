"""What was decided, in columns, and whose rights differ from it now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from services.rights import extracts, spans
from services.rights.drawers import Drawers
from services.rights.entitled import Entitled
from services.rights.extracts import Table
from services.rights.seats import Seats
from services.rights.spans import NEVER, Days, Flags, Spans

_DAY = "({} - DATE '1970-01-01')"
_MANY = 1_000_003
_WRAP = (1 << 62) - 1
_SUM = f"""
    CASE WHEN amounts = '[]' THEN 0 ELSE (
        SELECT mod(mod(sum((begin_day + {_MANY}) * (cents * 2 + 1) + end_day), {_WRAP + 1})
                   + {_WRAP + 1}, {_WRAP + 1}) FROM (
            SELECT ((a->>0)::date - DATE '1970-01-01')::bigint AS begin_day,
                   ((a->>1)::date - DATE '1970-01-01')::bigint AS end_day,
                   (a->>2)::numeric AS cents FROM jsonb_array_elements(amounts) AS a
        ) AS schedule
    ) END
"""  # noqa: S608 - our own numbers
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


DECIDED = {
    "who": "i4", "right": "i2", "entitlement": "i8", "sequence": "i8", "begin": "i4", "end": "i4",
    "void": "?", "renewable": "?", "sum": "i8",
}  # fmt: skip
"""What is put aside of each decision, for the part in which the person is decided."""
DUE = {"who": "i4", "right": "i2", "due_on": "i4"}
"""And of each due date."""


def shelve(
    connection: psycopg.Connection,
    rights: Sequence[str],
    seats: Seats,
    decisions: Drawers,
    dues: Drawers,
) -> None:
    """Put every decision and due date in the drawer of its part.

    The transaction is to be REPEATABLE READ.
    """
    for table, columns, drawers in (("decisions", _DECISIONS, decisions), ("dues", _DUES, dues)):
        for block in extracts.read(connection, table, columns, _coded(rights)):
            who, known = seats.found(block.pop("ssin"))
            part, place = seats.own(who)
            kept = {name: column[known] for name, column in block.items()}
            drawers.put(part, {"who": place, **kept})


def lines(rights: Sequence[str], rows: Table) -> dict[str, Lines]:
    """By right what stands: of each entitlement the newest decision."""
    newest = _newest(rows["entitlement"], rows["sequence"]) & ~rows["void"]
    order = np.lexsort((rows["begin"], rows["who"]))
    order = order[newest.take(order)]
    right = rows["right"].take(order)
    return {
        name: Lines(
            Spans(*(rows[column].take(of_right) for column in ("who", "begin", "end"))),
            rows["renewable"].take(of_right),
            rows["sum"].take(of_right),
        )
        for code, name in enumerate(rights)
        for of_right in [order[right == code]]
    }


def dues(rights: Sequence[str], rows: Table, persons: int) -> dict[str, Days]:
    """By right when each person is to be looked at again; `NEVER` for none."""
    found = {}
    for code, right in enumerate(rights):
        mine = rows["right"] == code
        found[right] = np.full(persons, NEVER, np.int32)
        found[right][rows["who"][mine]] = rows["due_on"][mine]
    return found


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


def _newest(entitlement: NDArray[Any], sequence: NDArray[Any]) -> Flags:
    """Most have one decision: only the others are put in order."""
    ordered = np.sort(entitlement)
    twice = spans.distinct(ordered[1:][ordered[1:] == ordered[:-1]])
    newest = np.ones(len(entitlement), np.bool_)
    if len(twice):
        rows = np.flatnonzero(np.isin(entitlement, twice))
        order = rows[np.lexsort((sequence[rows], entitlement[rows]))]
        newest[order[:-1]] = entitlement[order[1:]] != entitlement[order[:-1]]
    return newest


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
        found[worth.who[heads]] = np.add.reduceat(each, heads) & _WRAP
    return found
