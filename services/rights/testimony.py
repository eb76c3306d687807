"""Testimony: all that was said of everybody, by status, and who was corrected or contradicted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import psycopg
from numpy.typing import NDArray

from services.rights import extracts, spans
from services.rights.drawers import Drawers
from services.rights.extracts import Table
from services.rights.holdings import BORN
from services.rights.rulebook import Rulebook
from services.rights.seats import Seats
from services.rights.spans import NEVER, Days, Flags, Spans

NO_AMOUNT = -(1 << 62)
_DAY = "({} - DATE '1970-01-01')"
_STATEMENTS = {
    "ssin": ("bigint", "ssin"),
    "code": ("smallint", "coalesce(words.code, -1)"),
    "begin": ("integer", _DAY.format("begin")),
    "end": ("integer", _DAY.format('"end"')),
    "cancelled": ("boolean", "cancelled"),
    "amount": ("bigint", f"coalesce(amount, {NO_AMOUNT})"),
}


SAID = {"who": "i4", "code": "i2", "begin": "i4", "end": "i4", "cancelled": "?", "amount": "i8"}
"""What is put aside of each statement, for each part in which the person stands."""
Words = Sequence[tuple[str, str]]
"""Each status of each sort of data; a code is a place in it."""


@dataclass(frozen=True, slots=True)
class Testimony:
    """What was said of the persons of one part."""

    said: Mapping[str, Spans]
    births: Days
    apart: Flags
    """Who was contradicted or corrected."""


def shelve(
    connection: psycopg.Connection, rulebook: Rulebook, seats: Seats, drawers: Drawers
) -> NDArray[np.int64]:
    """Put every statement in the drawers of its parts; of whom there are some without a seat."""
    strangers = [np.empty(0, np.int64)]
    for block in extracts.read(connection, "statements", _STATEMENTS, _joined(_words(rulebook))):
        ssin = block.pop("ssin")
        who, known = seats.found(ssin)
        strangers.append(spans.distinct(ssin[~known]))
        given, part, place = seats.all_of(who)
        kept = np.flatnonzero(known).take(given)
        drawers.put(part, {"who": place, **{n: column.take(kept) for n, column in block.items()}})
    return spans.distinct(np.concatenate(strangers))


def of_part(rulebook: Rulebook, rows: Table, ssins: NDArray[np.int64]) -> Testimony:
    """Of a drawer, whose persons have those numbers."""
    words = _words(rulebook)
    order = np.lexsort((rows["begin"], rows["who"], rows["code"]))
    rows = {name: column.take(order) for name, column in rows.items()}
    bounds = np.searchsorted(rows["code"], np.arange(len(words) + 1)).tolist()
    lines = {
        word: _line(rows, slice(first, last))
        for word, (first, last) in zip(words, pairwise(bounds), strict=True)
    }
    apart = np.zeros(len(ssins), np.bool_)
    apart[rows["who"][rows["cancelled"] | (rows["code"] < 0)]] = True
    _set_apart(rulebook, lines, apart)
    return Testimony(_by_status(lines), _births(lines, ssins), apart)


def _line(rows: Table, part: slice) -> Spans:
    amount = rows["amount"][part]
    value = amount if (amount != NO_AMOUNT).any() else None
    return Spans(rows["who"][part], rows["begin"][part], rows["end"][part], value)


def _words(rulebook: Rulebook) -> Words:
    return [
        (name, status)
        for name, sort in rulebook.statuses.sorts.items()
        for status in sorted(sort.values)
    ]


def _set_apart(
    rulebook: Rulebook,
    lines: Mapping[tuple[str, str], Spans],
    apart: Flags,
) -> None:
    """Whose statements could stand in each other's place, which takes more than columns."""
    for name, sort in rulebook.statuses.sorts.items():
        found = [line for (of, _), line in lines.items() if of == name]
        groups = [[line] for line in found] if sort.several_at_once else [found]
        for together in groups:
            line = _ordered(together)
            same = line.who[1:] == line.who[:-1]
            clash = line.begin[1:] == line.begin[:-1]
            if sort.one_at_a_time or line.value is not None:
                clash = line.begin[1:] < line.end[:-1]
            if BORN in sort.values:
                clash = same
            apart[line.who[1:][same & clash]] = True


def _joined(words: Words) -> str:
    rows = ", ".join(f"({n}, '{sort}', '{status}')" for n, (sort, status) in enumerate(words))
    return (
        f"LEFT JOIN (VALUES {rows}) AS words(code, sort, word) "
        "ON words.sort = data_sort AND words.word = status"
    )


def _ordered(found: list[Spans]) -> Spans:
    if not found:
        return spans.NONE
    valued = any(each.value is not None for each in found)
    who = np.concatenate([each.who for each in found])
    begin = np.concatenate([each.begin for each in found])
    order = np.lexsort((begin, who))
    value = np.concatenate([_value(each) for each in found])[order] if valued else None
    end = np.concatenate([each.end for each in found])
    return Spans(who[order], begin[order], end[order], value)


def _value(found: Spans) -> NDArray[np.int64]:
    return np.full(len(found), NO_AMOUNT) if found.value is None else found.value


def _by_status(lines: Mapping[tuple[str, str], Spans]) -> dict[str, Spans]:
    """Whichever sort of data says it; the days of one person do not overlap."""
    found: dict[str, list[Spans]] = {}
    for (_, status), line in lines.items():
        if status != BORN and len(line):
            found.setdefault(status, []).append(line)
    return {status: _joint(each) for status, each in found.items()}


def _joint(found: list[Spans]) -> Spans:
    line = _ordered(found)
    return spans.merged([line]) if line.value is None else line.where(line.value != NO_AMOUNT)


def _births(lines: Mapping[tuple[str, str], Spans], ssins: NDArray[np.int64]) -> Days:
    """As told, or else as the number tells."""
    births = numbered(ssins)
    for (_, status), line in lines.items():
        if status == BORN:
            births[line.who] = line.begin
    return births


def numbered(ssins: NDArray[np.int64]) -> Days:
    """The day of birth in each number; `NEVER` where it tells no whole day."""
    rest, check = np.divmod(ssins, 100)
    before = 97 - rest % 97 == check
    after = 97 - (2_000_000_000 + rest) % 97 == check
    year = np.where(before, 1900, 2000) + rest // 10_000_000
    month, day = rest // 100_000 % 100 % 20, rest // 1000 % 100
    first = (year - 1970) * 12 + month - 1
    begin = first.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    end = (first + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    there = (before | after) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= end - begin)
    return np.where(there, begin + day - 1, NEVER).astype(np.int32)
