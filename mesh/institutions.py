"""Institutions by their place in the code list of sectors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from crossroads.types.v1 import types_pb2


@dataclass(frozen=True, slots=True, order=True)
class Institution:
    """Sector 17, number 1 is the welfare centres'; number 0 is the managing institution."""

    sector: int
    number: int

    def __str__(self) -> str:
        return f"{self.sector}/{self.number}"


def parse(text: str) -> Institution:
    """Read `17/1`. Raises ValueError for anything else."""
    sector, number = text.split("/")
    return Institution(int(sector), int(number))


def from_wire(wire: types_pb2.Institution) -> Institution:
    return of(wire.sector, wire.number)


@lru_cache(maxsize=8192)
def of(sector: int, number: int) -> Institution:
    """There are few institutions and they are named often."""
    return Institution(sector, number)


def to_wire(institution: Institution) -> types_pb2.Institution:
    return types_pb2.Institution(sector=institution.sector, number=institution.number)
