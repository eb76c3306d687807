"""Taking Dimona in: each is kept once, with one statement for all that come together."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.declarations.domain import Declaration
from services.declarations.store import RECEIVED

RECEIVE = text(
    f"""
    WITH sent AS (
        SELECT * FROM unnest(
            CAST(:employer AS text[]), CAST(:ticket AS text[]), CAST(:request_id AS text[]),
            CAST(:digest AS bytea[]), CAST(:channel AS text[]),
            CAST(:received_at AS timestamptz[]), CAST(:form AS bytea[]),
            CAST(:anomalies AS text[]), CAST(:caller AS text[]), CAST(:chain AS text[]),
            CAST(:traceparent AS text[]), CAST(:state AS text[]), CAST(:notification AS bytea[]),
            CAST(:dimona_period_id AS text[]), CAST(:declarant AS text[]), CAST(:place AS text[])
        ) WITH ORDINALITY AS sent(
            employer, ticket, request_id, digest, channel, received_at, form, anomalies, caller,
            chain, traceparent, state, notification, dimona_period_id, declarant, place, number
        )
    ), kept AS (
        INSERT INTO declarations (
            employer, ticket, request_id, digest, channel, received_at, form, anomalies, caller,
            chain, traceparent, state, notification, dimona_period_id, declarant, place
        )
        SELECT employer, ticket, request_id, digest, channel, received_at, form,
               ARRAY(SELECT decode(hex, 'hex')
                     FROM jsonb_array_elements_text(CAST(anomalies AS jsonb))
                     WITH ORDINALITY AS given(hex, nth) ORDER BY nth),
               caller,
               ARRAY(SELECT path FROM jsonb_array_elements_text(CAST(chain AS jsonb))
                     WITH ORDINALITY AS given(path, nth) ORDER BY nth),
               traceparent, state, notification, dimona_period_id, declarant, place
        FROM sent ORDER BY number
        ON CONFLICT (employer, declarant, request_id) DO NOTHING
        RETURNING employer, declarant, request_id, ticket, digest, received_at
    ), told AS (SELECT pg_notify('{RECEIVED}', '')), before AS (
        SELECT employer, declarant, request_id, stored.ticket, stored.digest, stored.received_at
        FROM declarations AS stored JOIN sent USING (employer, declarant, request_id)
    )
    SELECT kept.* FROM kept, told UNION SELECT * FROM before
    """  # noqa: S608 - a constant
)
"""Keeps what is new, in the order sent, and tells what is now kept under each request id."""
STORED = text(
    """
    SELECT employer, declarant, request_id, stored.ticket, stored.digest, stored.received_at
    FROM declarations AS stored
    JOIN unnest(
        CAST(:employer AS text[]), CAST(:declarant AS text[]), CAST(:request_id AS text[])
    ) AS asked(employer, declarant, request_id) USING (employer, declarant, request_id)
    """
)


@dataclass(frozen=True, slots=True)
class Stored:
    """What is kept under a request id: the ticket, the digest of the content, since when."""

    ticket: str
    digest: bytes
    received_at: datetime


class Intake:
    """Where declarations begin, on a connection of the caller's."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def receive(self, declarations: Sequence[Declaration]) -> list[Stored]:
        """Keep declarations, and wake who handles them.

        For each what is kept under its request: itself, or the declaration that came first.
        """
        columns = _columns(declarations)
        asked = {name: columns[name] for name in ("employer", "declarant", "request_id")}
        keys = list(zip(*asked.values(), strict=True))
        kept = _stored(await self._connection.execute(RECEIVE, columns))
        if len(kept) < len(set(keys)):  # another transaction kept some of them meanwhile
            kept |= _stored(await self._connection.execute(STORED, asked))
        return [kept[key] for key in keys]


def _columns(all_: Sequence[Declaration]) -> dict[str, list[Any]]:
    """By column; a list within a column is JSON, of bytes in hexadecimal."""
    return {
        "employer": [one.employer for one in all_],
        "ticket": [one.ticket for one in all_],
        "request_id": [one.request_id for one in all_],
        "digest": [one.digest for one in all_],
        "channel": [one.channel.value for one in all_],
        "received_at": [one.received_at for one in all_],
        "form": [one.form for one in all_],
        "anomalies": [json.dumps([anomaly.hex() for anomaly in one.anomalies]) for one in all_],
        "caller": [one.caller for one in all_],
        "chain": [json.dumps(one.chain) for one in all_],
        "traceparent": [one.traceparent for one in all_],
        "state": [one.state.value for one in all_],
        "notification": [one.notification for one in all_],
        "dimona_period_id": [one.dimona_period_id for one in all_],
        "declarant": [one.declarant for one in all_],
        "place": [one.place for one in all_],
    }


def _stored(rows: Iterable[Any]) -> dict[tuple[str, ...], Stored]:
    return {
        (row.employer, row.declarant, row.request_id): Stored(
            row.ticket, bytes(row.digest), row.received_at
        )
        for row in rows
    }
