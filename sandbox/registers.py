"""What institutions said of invented citizens, as lines of the engine's tables for COPY."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

import numpy as np

from services.rights.domain import Group
from services.rights.everybody import spans
from services.rights.everybody.population import ROLES, Memberships, Population
from services.rights.everybody.spans import NEVER
from services.rights.law.statuses import Statuses

RECORDED = "2026-06-01 00:00:00+00"
TICKET = "NATION000000000"
STATEMENTS = (
    'ssin, institution, data_sort, strand, begin, position, "end", status, cancelled, ticket, '
    "amount, recorded_at"
)
HOUSEHOLDS = "ssin, recorded_at, composition, ticket"
FOLLOWED = "ssin, since"
SAID_AS = {
    "INCOME_REPLACEMENT": "disability_allowance",
    "INTEGRATION": "disability_allowance",
    "CHILD_66": "child_disability",
    "ELDERLY_ALLOWANCE": "care_budget",
    "GRAPA": "pension",
    "THIRD_PARTY_HELP": "pension",
}
"""Where several sorts of data say a status."""


def statements(population: Population, statuses: Statuses) -> Iterator[bytes]:
    """By status; births are left to the numbers of the persons."""
    ssins = [ssin.decode() for ssin in population.ssins]
    for status, found in population.said.items():
        sort = SAID_AS.get(status) or _sort(status, statuses)
        if sort is None:
            continue
        strand = status if statuses.sorts[sort].several_at_once else ""
        sector = next(iter(statuses.sorts[sort].authority), 25)
        values = found.value if found.value is not None else [r"\N"] * len(found)
        lines = (
            f"{ssins[who]}\t{sector}/0\t{sort}\t{strand}\t{_iso(begin)}\t0\t{_iso(end)}\t{status}"
            f"\tf\t{TICKET}\t{cents}\t{RECORDED}\n"
            for who, begin, end, cents in zip(
                found.who.tolist(), found.begin.tolist(), found.end.tolist(), values, strict=True
            )
        )
        yield "".join(lines).encode()


def households(population: Population) -> Iterator[bytes]:
    """Of everybody every group of each sort; alone where she is in none."""
    ssins = [ssin.decode() for ssin in population.ssins]
    homes: list[list[str]] = [[] for _ in ssins]
    for group, members in sorted(population.groups.items()):
        for who, text in _compositions(group, members, ssins):
            homes[who].append(text)
    lines = [
        f"{ssin}\t{RECORDED}\t[{', '.join(sorted(found))}]\t{TICKET}\n"
        for ssin, found in zip(ssins, homes, strict=True)
    ]
    yield "".join(lines).encode()


def followed(population: Population) -> Iterator[bytes]:
    """Everybody."""
    yield "".join(f"{ssin.decode()}\t{RECORDED}\n" for ssin in population.ssins).encode()


def _compositions(
    group: Group, members: Memberships, ssins: list[str]
) -> Iterator[tuple[int, str]]:
    bounds = [*np.flatnonzero(np.diff(members.group, prepend=-1)).tolist(), len(members)]
    columns = (members.who, members.begin, members.end, members.role)
    who, begins, ends, roles = (column.tolist() for column in columns)
    seen = np.zeros(len(ssins), np.bool_)
    seen[members.who] = True
    for first, last in pairwise(bounds):
        rows = range(first, last)
        listed = sorted(
            [ssins[who[r]], _iso(begins[r]), _iso(ends[r]), ROLES[roles[r]]] for r in rows
        )
        text = json.dumps([group.value, listed])
        for person in {who[r] for r in rows}:
            yield person, text
    for person in np.flatnonzero(~seen).tolist():
        yield person, json.dumps([group.value, [[ssins[person], "0001-01-01", "9999-12-31", ""]]])


@lru_cache(maxsize=65536)
def _iso(day: int) -> str:
    return "9999-12-31" if day == NEVER else spans.day(day).isoformat()


def _sort(status: str, statuses: Statuses) -> str | None:
    """The first sort of data that says it."""
    return next((name for name, sort in statuses.sorts.items() if status in sort.values), None)
