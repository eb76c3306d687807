"""Rows of the register of persons, and the columns to write them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row

from mesh.institutions import Institution
from mesh.periods import Period
from services.repertory.domain import Inscription, Key, Person


def inscription(row: Row[Any]) -> Inscription:
    institution = Institution(row.sector, row.number)
    return Inscription(
        Key(row.ssin, institution, row.quality, row.phase),
        Period(row.begins, row.ends),
        row.recorded_from,
    )


def persons(ssins: Sequence[str], found: Iterable[Row[Any]]) -> tuple[list[Person], int]:
    """The persons in the order asked, from rows of `place`, a line or none, and the position."""
    lines: list[list[Inscription]] = [[] for _ in ssins]
    replaced_by = [""] * len(ssins)
    position = 0
    for row in found:
        position = row.position
        replaced_by[row.place - 1] = row.replaced_by or ""
        if row.ssin is not None:
            lines[row.place - 1].append(inscription(row))
    return [
        Person(ssin, tuple(sorted(of_person)), other)
        for ssin, of_person, other in zip(ssins, lines, replaced_by, strict=True)
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
