"""Lots as their tables have them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from mesh import identity
from mesh.identity import Caller
from services.router.lots.domain import Chunk, Lot, State, Submission

LOTS = sa.table(
    "lots",
    sa.column("lot", sa.Text),
    sa.column("owner", sa.Text),
    sa.column("request_id", sa.Text),
    sa.column("digest", sa.LargeBinary),
    sa.column("question", sa.LargeBinary),
    sa.column("caller", sa.Text),
    sa.column("on_behalf_of", sa.Text),
    sa.column("serial", sa.Text),
    sa.column("traceparent", sa.Text),
    sa.column("state", sa.SmallInteger),
    sa.column("persons", sa.Integer),
    sa.column("answered", sa.Integer),
    sa.column("refused", sa.Integer),
    sa.column("failed", sa.Integer),
    sa.column("reason", sa.Text),
    sa.column("waits_for", sa.Text),
    sa.column("submitted_at", sa.DateTime(timezone=True)),
    sa.column("ended_at", sa.DateTime(timezone=True)),
    sa.column("expires_at", sa.DateTime(timezone=True)),
)
CHUNKS = sa.table(
    "lot_chunks",
    sa.column("lot", sa.Text),
    sa.column("chunk", sa.Integer),
    sa.column("tries", sa.Integer),
)
PERSONS = sa.table(
    "lot_persons",
    sa.column("lot", sa.Text),
    sa.column("ssin", sa.Text),
    sa.column("chunk", sa.Integer),
)
REPLIES = sa.table(
    "lot_replies",
    sa.column("lot", sa.Text),
    sa.column("ssin", sa.Text),
    sa.column("number", sa.Integer),
    sa.column("reply", sa.LargeBinary),
)


def of(submission: Submission, expires_at: datetime) -> dict[str, object]:
    """The row of a lot just handed in."""
    caller = submission.caller
    return {
        "lot": submission.ticket,
        "owner": caller.principal.path,
        "request_id": submission.request_id,
        "digest": submission.digest,
        "question": submission.question,
        "caller": caller.identity.path,
        "on_behalf_of": caller.on_behalf_of.path if caller.on_behalf_of else "",
        "serial": caller.serial,
        "traceparent": submission.traceparent,
        "state": State.RUNNING.value,
        "persons": len(submission.ssins),
        "submitted_at": submission.at,
        "expires_at": expires_at,
    }


def lot(row: sa.Row[*tuple[Any, ...]]) -> Lot:
    return Lot(
        row.lot,
        bytes(row.digest),
        bytes(row.question),
        State(row.state),
        row.persons,
        row.answered,
        row.refused,
        row.failed,
        row.reason,
        row.waits_for,
        row.submitted_at,
        row.ended_at,
        row.expires_at,
    )


def chunk(row: sa.Row[*tuple[Any, ...]], ssins: tuple[str, ...]) -> Chunk:
    principal = identity.parse(row.on_behalf_of) if row.on_behalf_of else None
    return Chunk(
        row.lot,
        row.chunk,
        bytes(row.question),
        Caller(identity.parse(row.caller), principal, row.serial),
        ssins,
        row.traceparent,
    )
