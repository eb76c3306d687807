"""Dwellings: who lives with whom, is insured with whom, raises children with whom, in columns."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psycopg
from numpy.typing import NDArray

from services.rights import country, extracts, spans
from services.rights.country import Circles, Country
from services.rights.domain import Group
from services.rights.drawers import Drawers
from services.rights.extracts import Table, places
from services.rights.population import Memberships
from services.rights.spans import Flags

GROUPS = tuple(group for group in Group if group is not Group.PERSON)
_RECORDS = {
    "ssin": ">i8",
    "recorded": ">i8",
    "home": ">i8",
    "sort": ">i2",
    "members": ">i2",
    "begin": ">i4",
    "end": ">i4",
    "role": ">i2",
}
"""Of `households.own`, as the migration has it; sorts and roles are counted from 1."""
_KEPT = {
    "ssin": "i8",
    "recorded": "i8",
    "home": "i8",
    "members": "i2",
    "begin": "i4",
    "end": "i4",
    "role": "i1",
}


@dataclass(frozen=True, slots=True)
class Dwellings:
    """Everybody, and the groups told last of each."""

    country: Country
    ssins: NDArray[np.int64]
    """In order of number."""
    rank: NDArray[np.int32]
    """The place in the country of each."""
    in_order: NDArray[np.int64]
    """The numbers in order of place."""
    apart: Flags
    """By place: whose number was or is replaced, of whom not everything was decided once, or whose
    groups not all members know of."""


def read(connection: psycopg.Connection, folder: Path) -> Dwellings:
    """One sort of group after the other: memory holds the lines of one at most."""
    told = Drawers(folder, "told", _KEPT)
    numbers = [np.empty(0, np.int64)]
    for block in extracts.records(connection, "households", "own", _RECORDS):
        numbers.append(spans.distinct(block["ssin"]))
        told.put(block.pop("sort") - 1, block)
    ssins = spans.distinct(np.concatenate(numbers))
    last = _last(told, ssins)
    apart = _named_apart(connection, ssins)
    circles: dict[Group, Circles] = {
        group: Circles(_members(told.take(number), ssins, last, apart), len(ssins))
        for number, group in enumerate(GROUPS)
    }
    order = country.neighbours(circles, len(ssins))
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    for group in GROUPS:
        circles[group] = Circles(_moved(circles.pop(group).members, rank), len(ssins))
    return Dwellings(
        Country(len(ssins), circles), ssins, rank, ssins.take(order), apart.take(order)
    )


def _last(told: Drawers, ssins: NDArray[np.int64]) -> NDArray[np.int64]:
    """When the groups of each person were recorded last."""
    last = np.full(len(ssins), np.iinfo(np.int64).min)
    for number in range(len(GROUPS)):
        rows = told.take(number)
        np.maximum.at(last, np.searchsorted(ssins, rows["ssin"]), rows["recorded"])
    return last


def _named_apart(connection: psycopg.Connection, ssins: NDArray[np.int64]) -> Flags:
    apart = np.ones(len(ssins), np.bool_)
    for block in extracts.read(connection, "followed", {"ssin": ("bigint", "ssin")}):
        apart[places(ssins, block["ssin"])[0]] = False
    for row in connection.execute("SELECT ssin::bigint, replaced_by::bigint FROM replaced_numbers"):
        apart[places(ssins, np.array(row, np.int64))[0]] = True
    return apart


def _members(
    rows: Table, ssins: NDArray[np.int64], last: NDArray[np.int64], apart: Flags
) -> Memberships:
    """Members of one group all know of it, or are apart."""
    who = np.searchsorted(ssins, rows.pop("ssin")).astype(np.int32)
    kept = np.flatnonzero(rows.pop("recorded") == last.take(who))
    who = who.take(kept)
    rows = {name: column.take(kept) for name, column in rows.items()}
    _, inverse, listed = np.unique(rows.pop("home"), return_inverse=True, return_counts=True)
    group = inverse.astype(np.int32)
    apart[who[listed.take(group) != rows["members"]]] = True
    order = np.lexsort((rows["begin"], who, group))
    members = Memberships(
        group.take(order),
        who.take(order),
        rows["begin"].take(order),
        rows["end"].take(order),
        rows["role"].take(order) - np.int8(1),
    )
    overlaps = (members.group[1:] == members.group[:-1]) & (members.who[1:] == members.who[:-1])
    overlaps &= members.begin[1:] < members.end[:-1]
    apart[members.who[1:][overlaps]] = True
    return members


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
