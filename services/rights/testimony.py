"""Testimony: all that was said of everybody, by status, and who was corrected or contradicted."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import psycopg
from numpy.typing import NDArray

from services.rights import extracts, spans
from services.rights.extracts import places
from services.rights.holdings import BORN
from services.rights.rulebook import Rulebook
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


def read(
    connection: psycopg.Connection,
    rulebook: Rulebook,
    ssins: NDArray[np.int64],
    rank: NDArray[np.int32],
    apart: Flags,
) -> tuple[dict[str, Spans], Days, NDArray[np.int64]]:
    """By status; whoever was contradicted or corrected is apart."""
    words = [
        (name, status)
        for name, sort in rulebook.statuses.sorts.items()
        for status in sorted(sort.values)
    ]
    pieces: list[list[Spans]] = [[] for _ in words]
    strangers = []
    for block in extracts.read(connection, "statements", _STATEMENTS, _joined(words)):
        place, known = places(ssins, block["ssin"])
        strangers.append(np.unique(block["ssin"][~known]))
        code, cancelled = block["code"][known], block["cancelled"][known]
        apart[place[cancelled.astype(np.bool_) | (code < 0)]] = True
        who = rank[place]
        order = np.argsort(code, kind="stable")
        bounds = np.searchsorted(code[order], np.arange(len(words) + 1))
        columns = [block[name][known][order] for name in ("begin", "end", "amount")]
        for number, (first, last) in enumerate(pairwise(bounds)):
            if first < last:
                begin, end, amount = (column[first:last] for column in columns)
                value = amount if (amount != NO_AMOUNT).any() else None
                pieces[number].append(Spans(who[order[first:last]], begin, end, value))
    lines = {}
    for word, found in zip(words, pieces, strict=True):
        lines[word] = _ordered(found)
        found.clear()
    _set_apart(rulebook, lines, rank, apart)
    births = _births(lines, rank, ssins)
    return _by_status(lines), births, np.unique(np.concatenate(strangers or [ssins[:0]]))


def _set_apart(
    rulebook: Rulebook,
    lines: Mapping[tuple[str, str], Spans],
    rank: NDArray[np.int32],
    apart: Flags,
) -> None:
    """Whose statements could stand in each other's place, which takes more than columns."""
    place = np.argsort(rank)
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
            apart[place[line.who[1:][same & clash]]] = True


def _joined(words: list[tuple[str, str]]) -> str:
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


def _births(
    lines: Mapping[tuple[str, str], Spans], rank: NDArray[np.int32], ssins: NDArray[np.int64]
) -> Days:
    """In order of number: as told, or else as the number tells."""
    births = numbered(ssins)
    place = np.argsort(rank)
    for (_, status), line in lines.items():
        if status == BORN:
            births[place[line.who]] = line.begin
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
