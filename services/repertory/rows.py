"""Rows of the register of persons, and the columns to write them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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

    A row is a line, or says which number replaced another, or has the position.
    """
    lines: dict[str, list[Inscription]] = {}
    replaced: dict[str, str] = {}
    position = 0
    for row in found:
        if row.ssin is None:
            position = row.position
        elif row.replaced_by is not None:
            replaced[row.ssin] = row.replaced_by
        else:
            lines.setdefault(row.ssin, []).append(inscription(row))
    return [
        Person(ssin, tuple(lines.get(replaced.get(ssin, ssin), ())), replaced.get(ssin, ""))
        for ssin in ssins
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
