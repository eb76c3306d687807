"""The log of writes: the one statement by which writes take their places and change the lines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from mesh.written import Written
from services.repertory import rows, succession
from services.repertory.inscriptions import Change

WRITE = text(
    """
    WITH come AS (
        SELECT CAST(:many AS integer) AS many
    ), ticked AS (
        UPDATE positions
        SET position = position + many,
            moment = greatest(clock_timestamp(), moment + interval '1 microsecond')
                + (many - 1) * interval '1 microsecond'
        FROM come
        RETURNING position - many AS before, moment - many * interval '1 microsecond' AS since
    ), asked AS (
        INSERT INTO requests (caller, request_id, digest, ticket, position, recorded_at, written)
        SELECT :caller, request_id, digest, ticket, before + place,
               since + place * interval '1 microsecond', CAST(written AS jsonb)
        FROM ticked, unnest(
            CAST(:request_ids AS text[]), CAST(:digests AS bytea[]), CAST(:tickets AS text[]),
            CAST(:written AS text[])
        ) WITH ORDINALITY AS given(request_id, digest, ticket, written, place)
    ), closed AS (
        UPDATE inscriptions AS line
        SET recorded_until = since + gone.at * interval '1 microsecond'
        FROM ticked, unnest(
            CAST(:closed_ssins AS text[]), CAST(:closed_sectors AS smallint[]),
            CAST(:closed_numbers AS integer[]), CAST(:closed_qualities AS smallint[]),
            CAST(:closed_phases AS smallint[]), CAST(:closed_begins AS date[]),
            CAST(:closed_ends AS date[]), CAST(:closed_at AS integer[])
        ) AS gone(ssin, sector, number, quality, phase, begins, ends, at)
        WHERE (line.ssin, line.sector, line.number, line.quality, line.phase, line.begins)
            = (gone.ssin, gone.sector, gone.number, gone.quality, gone.phase, gone.begins)
            AND line.recorded_until = 'infinity'
    ), opened AS (
        INSERT INTO inscriptions
            (ssin, sector, number, quality, phase, begins, ends, recorded_from, recorded_until)
        SELECT ssin, sector, number, quality, phase, begins, ends,
               since + at * interval '1 microsecond',
               CASE until WHEN 0 THEN 'infinity'
                    ELSE since + until * interval '1 microsecond' END
        FROM ticked, unnest(
            CAST(:opened_ssins AS text[]), CAST(:opened_sectors AS smallint[]),
            CAST(:opened_numbers AS integer[]), CAST(:opened_qualities AS smallint[]),
            CAST(:opened_phases AS smallint[]), CAST(:opened_begins AS date[]),
            CAST(:opened_ends AS date[]), CAST(:opened_at AS integer[]),
            CAST(:opened_until AS integer[])
        ) AS new(ssin, sector, number, quality, phase, begins, ends, at, until)
    )
    SELECT before, since FROM ticked
    """
)


@dataclass(frozen=True, slots=True)
class Request:
    """A write as it was asked; the same id must come with the same digest."""

    caller: str
    request_id: str
    digest: bytes
    ticket: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """Where a write stands: its place in the log of writes, its recorded moment, its ticket."""

    position: int
    at: datetime
    ticket: str


@dataclass(frozen=True, slots=True)
class Write:
    """A request, what it changes, and what the ledger is told of it."""

    request: Request
    change: Change
    written: Written


async def append(connection: AsyncConnection, writes: Sequence[Write]) -> list[Recorded]:
    """Keep the requests of one caller and change the lines, in this order; one statement."""
    steps = succession.steps([write.change for write in writes])
    row = (
        await connection.execute(
            WRITE,
            {
                "many": len(writes),
                "caller": writes[0].request.caller,
                "request_ids": [write.request.request_id for write in writes],
                "digests": [write.request.digest for write in writes],
                "tickets": [write.request.ticket for write in writes],
                "written": [json.dumps(write.written) for write in writes],
                **rows.columns("closed", [closed.line for closed in steps.closed]),
                "closed_at": [closed.at for closed in steps.closed],
                **rows.columns("opened", [opened.line for opened in steps.opened]),
                "opened_at": [opened.at for opened in steps.opened],
                "opened_until": [opened.until for opened in steps.opened],
            },
        )
    ).one()
    return [
        Recorded(
            row.before + place, row.since + timedelta(microseconds=place), write.request.ticket
        )
        for place, write in enumerate(writes, 1)
    ]
