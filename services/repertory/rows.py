"""Rows of the register of persons, and the columns to write them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row

from mesh import institutions
from mesh.periods import Period
from services.repertory.domain import Inscription, Key, Person


def inscription(row: Sequence[Any]) -> Inscription:
    """From a row that begins with the columns of a line; by place, which is quick."""
    ssin, sector, number, quality, phase, begins, ends, recorded_from, *_ = row
    return Inscription(
        Key(ssin, institutions.of(sector, number), quality, phase),
        Period(begins, ends),
        recorded_from,
    )


def persons(ssins: Sequence[str], found: Iterable[Row[Any]]) -> tuple[list[Person], int]:
    """The persons in the order asked, and the position read.

    A row is a line, or says which number replaced another, or when a person died, or has the
    position with the numbers asked for of which no line and no decease ever stood.
    """
    lines: dict[str, list[Inscription]] = {}
    replaced: dict[str, str] = {}
    deceased: dict[str, date] = {}
    position, never = 0, frozenset[str]()
    for row in found:
        if row.sector is not None:
            lines.setdefault(row.ssin, []).append(inscription(row))
        elif row.ssin is None:
            position, never = row.position, frozenset(row.never)
        elif row.replaced_by is not None:
            replaced[row.ssin] = row.replaced_by
        else:
            deceased[row.ssin] = row.deceased_on
    in_force = [replaced.get(ssin, ssin) for ssin in ssins]
    return [
        Person(
            ssin,
            tuple(lines.get(current, ())),
            replaced.get(ssin, ""),
            deceased.get(current),
            ssin in never and ssin not in replaced,
        )
        for ssin, current in zip(ssins, in_force, strict=True)
    ], position


def columns(prefix: str, lines: Sequence[Inscription]) -> dict[str, list[Any]]:
    """Lines as one list by column, named `<prefix>_<column>`."""
    return {
        f"{prefix}_ssins": [line.key.ssin for line in lines],
        f"{prefix}_sectors": [line.key.institution.sector for line in lines],
        f"{prefix}_numbers": [line.key.institution.number for line in lines],
        f"{prefix}_qualities": [line.key.quality for line in lines],
        f"{prefix}_phases": [line.key.phase for line in lines],
        f"{prefix}_begins": [line.period.begin for line in lines],
        f"{prefix}_ends": [line.period.end for line in lines],
    }
