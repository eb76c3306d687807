"""The snapshot: all that the engine's database holds of everybody, read into columns at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import psycopg
from numpy.typing import NDArray

from services.rights import country, extracts, spans
from services.rights.country import Circles, Country
from services.rights.domain import Group
from services.rights.extracts import Table
from services.rights.holdings import BORN
from services.rights.population import ROLES, Memberships
from services.rights.rulebook import Rulebook
from services.rights.spans import NEVER, Days, Flags, Rows, Spans

GROUPS = tuple(group for group in Group if group is not Group.PERSON)
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
_HOUSEHOLDS = {
    "ssin": ("bigint", "ssin"),
    "recorded": ("bigint", "extract(epoch FROM recorded_at) * 1000000"),
    "sort": ("smallint", f"array_position(ARRAY{[str(g) for g in GROUPS]}, home->>0)"),
    "home": ("bigint", "hashtextextended(home::text, 0)"),
    "members": ("smallint", "jsonb_array_length(home->1)"),
    "begin": ("integer", _DAY.format("(own->>1)::date")),
    "end": ("integer", _DAY.format("(own->>2)::date")),
    "role": ("smallint", f"array_position(ARRAY{list(ROLES)}, own->>3)"),
}
_OWN = """
    CROSS JOIN LATERAL jsonb_array_elements(composition) AS home
    CROSS JOIN LATERAL jsonb_array_elements(home->1) AS own
    WHERE own->>0 = ssin
"""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Who is in the country, and who is known without being in any group."""

    country: Country
    strangers: NDArray[np.int64]
    """Of whom no group is kept: they must be asked about first."""


@dataclass
class _Reader:
    connection: psycopg.Connection
    rulebook: Rulebook

    def read(self) -> Snapshot:
        homes = self._homes()
        ssins = np.unique(homes["ssin"])
        apart = self._named_apart(ssins)
        circles = self._circles(homes, ssins, apart)
        order = country.neighbours(circles, len(ssins))
        rank = np.empty(len(order), np.int32)
        rank[order] = np.arange(len(order), dtype=np.int32)
        circles = {g: Circles(_moved(c.members, rank), len(ssins)) for g, c in circles.items()}
        said, births, strangers = self._said(ssins, rank, apart)
        apart = country.all_reached(circles, apart[order], country.levels(self.rulebook.rules))
        return Snapshot(Country(ssins[order], births[order], said, circles, apart), strangers)

    def _homes(self) -> Table:
        """Of everybody the groups told last."""
        found = extracts.whole(extracts.read(self.connection, "households", _HOUSEHOLDS, _OWN))
        order = np.lexsort((found["recorded"], found["ssin"]))
        found = {name: column[order] for name, column in found.items()}
        ssin, recorded = found["ssin"], found["recorded"]
        last = np.searchsorted(ssin, ssin, "right") - 1
        return {name: column[recorded == recorded[last]] for name, column in found.items()}

    def _named_apart(self, ssins: NDArray[np.int64]) -> Flags:
        """Whose number was or is replaced, and of whom not everything was decided once."""
        apart = np.ones(len(ssins), np.bool_)
        followed = extracts.whole(
            extracts.read(self.connection, "followed", {"ssin": ("bigint", "ssin")})
        )
        if followed:
            apart[_places(ssins, followed["ssin"])[0]] = False
        for row in self.connection.execute(
            "SELECT ssin::bigint, replaced_by::bigint FROM replaced_numbers"
        ):
            apart[_places(ssins, np.array(row, np.int64))[0]] = True
        return apart

    def _circles(
        self, homes: Table, ssins: NDArray[np.int64], apart: Flags
    ) -> dict[Group, Circles]:
        """Members of one group all know of it, or are apart."""
        found: dict[Group, Circles] = {}
        for number, group in enumerate(GROUPS, 1):
            mine = {name: column[homes["sort"] == number] for name, column in homes.items()}
            _, group_of, listed = np.unique(mine["home"], return_inverse=True, return_counts=True)
            who = np.searchsorted(ssins, mine["ssin"]).astype(np.int32)
            apart[who[listed[group_of] != mine["members"]]] = True
            order = np.lexsort((mine["begin"], who, group_of))
            columns = (group_of, who, mine["begin"], mine["end"], mine["role"] - 1)
            kinds = (np.int32, np.int32, np.int32, np.int32, np.int8)
            members = Memberships(
                *(c[order].astype(kind) for c, kind in zip(columns, kinds, strict=True))
            )
            overlaps = (members.group[1:] == members.group[:-1]) & (
                members.who[1:] == members.who[:-1]
            )
            overlaps &= members.begin[1:] < members.end[:-1]
            apart[members.who[1:][overlaps]] = True
            found[group] = Circles(members, len(ssins))
        return found

    def _said(
        self, ssins: NDArray[np.int64], rank: NDArray[np.int32], apart: Flags
    ) -> tuple[dict[str, Spans], Days, NDArray[np.int64]]:
        """By status; whoever was contradicted or corrected is apart."""
        words = [
            (name, status)
            for name, sort in self.rulebook.statuses.sorts.items()
            for status in sorted(sort.values)
        ]
        pieces: list[list[Spans]] = [[] for _ in words]
        strangers = []
        for block in extracts.read(self.connection, "statements", _STATEMENTS, _joined(words)):
            place, known = _places(ssins, block["ssin"])
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
        self._set_apart(lines, rank, apart)
        births = _births(lines, rank, ssins)
        return _by_status(lines), births, np.unique(np.concatenate(strangers or [ssins[:0]]))

    def _set_apart(
        self, lines: Mapping[tuple[str, str], Spans], rank: NDArray[np.int32], apart: Flags
    ) -> None:
        """Whose statements could stand in each other's place, which takes more than columns."""
        place = np.argsort(rank)
        for name, sort in self.rulebook.statuses.sorts.items():
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


def read(connection: psycopg.Connection, rulebook: Rulebook) -> Snapshot:
    """As of one moment: the transaction is to be REPEATABLE READ.

    What columns do not hold (corrections, contradictions, numbers replaced, groups of which
    members were told differently) sets the persons whom it reaches apart.
    """
    return _Reader(connection, rulebook).read()


def _joined(words: list[tuple[str, str]]) -> str:
    rows = ", ".join(f"({n}, '{sort}', '{status}')" for n, (sort, status) in enumerate(words))
    return (
        f"LEFT JOIN (VALUES {rows}) AS words(code, sort, word) "
        "ON words.sort = data_sort AND words.word = status"
    )


def _places(ssins: NDArray[np.int64], asked: NDArray[np.generic]) -> tuple[Rows, Flags]:
    """Where those who are there stand, and which of the asked they are."""
    place = np.minimum(np.searchsorted(ssins, asked), max(len(ssins) - 1, 0))
    known = ssins[place] == asked if len(ssins) else np.zeros(len(asked), np.bool_)
    return place[known], known


def _moved(members: Memberships, rank: NDArray[np.int32]) -> Memberships:
    """With persons numbered anew, and groups in the order of their first member."""
    who = rank[members.who]
    heads = np.flatnonzero(np.diff(members.group, prepend=-1))
    first = np.minimum.reduceat(who, heads) if len(heads) else heads
    number = np.empty(len(heads), np.int32)
    number[np.argsort(first, kind="stable")] = np.arange(len(heads), dtype=np.int32)
    group = number[members.group]
    order = np.lexsort((members.begin, who, group))
    return Memberships(
        group[order], who[order], members.begin[order], members.end[order], members.role[order]
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
