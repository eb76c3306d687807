"""Persons of whom the same is known: looked up many at once, and answered once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from crossroads.repertory.v1 import repertory_pb2
from crossroads.types.v1 import types_pb2
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from mesh import periods
from mesh.periods import Period

LOOKUP = text(
    """
    WITH other AS MATERIALIZED (
        SELECT ssin, replaced_by FROM replacements
        WHERE ssin = ANY(CAST(:ssins AS text[]))
            AND recorded_from <= CAST(:at AS timestamptz)
            AND recorded_until > CAST(:at AS timestamptz)
    ), asked AS MATERIALIZED (
        SELECT ssin, replaced_by, coalesce(replaced_by, ssin) AS in_force
        FROM unnest(CAST(:ssins AS text[])) AS given(ssin) LEFT JOIN other USING (ssin)
    ), seen AS MATERIALIZED (
        SELECT ssin, string_agg(
            concat_ws('/', sector, number, quality, phase, begins, ends), ' '
            ORDER BY sector, number, quality, phase, begins
        ) FILTER (WHERE recorded_until > CAST(:at AS timestamptz)) AS lines
        FROM inscriptions
        WHERE ssin = ANY(CAST(:ssins AS text[]) || ARRAY(SELECT replaced_by FROM other))
            AND recorded_from <= CAST(:at AS timestamptz)
        GROUP BY ssin
    ), died AS MATERIALIZED (
        SELECT ssin,
            max(day) FILTER (WHERE recorded_until > CAST(:at AS timestamptz)) AS deceased_on
        FROM deceases
        WHERE ssin = ANY(CAST(:ssins AS text[]) || ARRAY(SELECT replaced_by FROM other))
            AND recorded_from <= CAST(:at AS timestamptz)
        GROUP BY ssin
    ), known AS (
        SELECT asked.ssin, coalesce(seen.lines, '') AS lines,
            coalesce(asked.replaced_by, '') AS replaced_by, died.deceased_on,
            asked.replaced_by IS NULL AND seen.ssin IS NULL AND died.ssin IS NULL AS unknown
        FROM asked LEFT JOIN seen ON seen.ssin = asked.in_force
            LEFT JOIN died ON died.ssin = asked.in_force
    )
    SELECT array_agg(ssin) AS ssins, lines, replaced_by, deceased_on, unknown,
        (SELECT position FROM positions) AS position
    FROM known GROUP BY lines, replaced_by, deceased_on, unknown
    """
)
"""One snapshot. A line is its institution, quality, phase and days, behind each other."""


class Alike(NamedTuple):
    """Persons, and what is known of each."""

    ssins: Sequence[str]
    lines: str
    replaced_by: str
    deceased_on: date | None
    unknown: bool


async def lookup(
    connection: AsyncConnection, ssins: Sequence[str], at: datetime
) -> tuple[list[Alike], int]:
    """Those asked for, which are at least one, by what was known at a moment."""
    rows = (await connection.execute(LOOKUP, {"ssins": list(ssins), "at": at})).all()
    return [Alike(*row[:-1]) for row in rows], rows[0].position


def to_wire(of: Alike) -> repertory_pb2.PersonsAlike:
    return repertory_pb2.PersonsAlike(
        known=repertory_pb2.PersonLookup(
            inscriptions=map(_line, of.lines.split()),
            replaced_by=of.replaced_by,
            deceased_on=of.deceased_on.isoformat() if of.deceased_on else "",
            unknown=of.unknown,
        ),
        ssins=of.ssins,
    )


@lru_cache(maxsize=65_536)
def _line(written: str) -> repertory_pb2.Inscription:
    """One message for all lines alike: what is given is copied from it, never changed."""
    sector, number, quality, phase, begins, ends = written.split("/")
    return repertory_pb2.Inscription(
        institution=types_pb2.Institution(sector=int(sector), number=int(number)),
        quality=int(quality),
        phase=int(phase),
        period=periods.to_wire(Period(date.fromisoformat(begins), date.fromisoformat(ends))),
    )
