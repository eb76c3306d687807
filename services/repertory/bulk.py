"""Loading a country: lines by COPY, with the index made when they are all there."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import psycopg

MEMORY = "1GB"
"""For the index; a register of 70 million lines is sorted in a few passes with it."""


def load(url: str, chunks: Iterable[bytes], told: Callable[[int], None]) -> None:
    """Add lines to the register, all or none; `told` hears of the bytes of each chunk.

    A chunk is whole lines in the text form of COPY: ssin, sector, number, quality, phase,
    begins, ends, recorded_from. Nobody reads or writes the register meanwhile. Lines that are
    there already, or twice among those given, are refused: psycopg.errors.UniqueViolation.
    """
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("LOCK TABLE positions, inscriptions IN ACCESS EXCLUSIVE MODE")
        cursor.execute(f"SET LOCAL maintenance_work_mem = '{MEMORY}'")
        cursor.execute("SET LOCAL max_parallel_maintenance_workers = 2")
        cursor.execute("SET LOCAL synchronous_commit = on")
        cursor.execute("ALTER TABLE inscriptions DROP CONSTRAINT inscriptions_pkey")
        with cursor.copy(
            "COPY inscriptions (ssin, sector, number, quality, phase, begins, ends, recorded_from)"
            " FROM STDIN"
        ) as copy:
            for chunk in chunks:
                copy.write(chunk)
                told(len(chunk))
        cursor.execute(
            "ALTER TABLE inscriptions ADD PRIMARY KEY"
            " (ssin, sector, number, quality, phase, begins, recorded_from)"
        )
        cursor.execute(
            "UPDATE positions SET position = position + 1,"
            " moment = greatest(clock_timestamp(), moment + interval '1 microsecond')"
        )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE) inscriptions")
