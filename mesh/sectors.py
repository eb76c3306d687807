"""Sorts of institutions: whom the policy names is one institution, or all of a sector."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from crossroads.types.v1 import types_pb2

from mesh import institutions
from mesh.institutions import Institution

MANAGING = 0
"""The number of the managing institution, which is another sort than those that it manages."""
WORD = "sector "


@dataclass(frozen=True, slots=True)
class Sector:
    """Every institution of a sector but the managing one, which is named by itself."""

    code: int

    def __str__(self) -> str:
        return f"{WORD}{self.code}"


Party: TypeAlias = Institution | Sector
"""Whom the policy names: one institution, or every one of a sector."""


def parse(text: str) -> Party:
    """Read `17/1` or `sector 17`. Raises ValueError for anything else."""
    if text.startswith(WORD):
        return Sector(int(text.removeprefix(WORD)))
    return institutions.parse(text)


@lru_cache(maxsize=8192)
def of(institution: Institution) -> Sector | None:
    """The sector that stands for it; None for a managing institution, for which none does."""
    return None if institution.number == MANAGING else Sector(institution.sector)


def includes(party: Party, institution: Institution) -> bool:
    return party in {institution, of(institution)}


def code(party: Party) -> int:
    return party.code if isinstance(party, Sector) else party.sector


def place(party: Party) -> tuple[int, int]:
    """Where it stands in lists: a sector before its institutions."""
    return (party.code, -1) if isinstance(party, Sector) else (party.sector, party.number)


def from_wire(institution: types_pb2.Institution, sector: int | None) -> Party:
    return institutions.from_wire(institution) if sector is None else Sector(sector)
