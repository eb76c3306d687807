"""Declarations of risks in PostgreSQL: taken in once, handled once, never changed after."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from mesh import database
from services.declarations.domain import Channel
from services.declarations.domain import State as Handled
from services.declarations.risks.domain import Submission

RECEIVED = "risks_received"


class Intake:
    """Questions to the declarations of risks, within one transaction of the caller's."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def receive(self, sent: Submission) -> Submission:
        """Store it; as stored now or, where the request came before, as stored then."""
        await self._connection.execute(
            text(
                "INSERT INTO risk_declarations (declarer, ticket, request_id, digest, channel,"
                " received_at, form, anomalies, action, risk_number, image_digest, received_on,"
                " caller, declarant, chain, traceparent, state, notification)"
                " VALUES (:declarer, :ticket, :request_id, :digest, :channel, :received_at,"
                " :form, :anomalies, :action, :risk_number, :image_digest, :received_on,"
                " :caller, :declarant, :chain,"
                " :traceparent, :state, :notification)"
                " ON CONFLICT (declarer, declarant, request_id) DO NOTHING"
            ),
            _values(sent),
        )
        await database.notify(self._connection, RECEIVED)
        rows = await self._connection.execute(
            text(
                "SELECT * FROM risk_declarations WHERE declarer = :declarer"
                " AND declarant = :declarant AND request_id = :request_id"
            ),
            {
                "declarer": sent.declarer,
                "declarant": sent.declarant,
                "request_id": sent.request_id,
            },
        )
        return _submission(rows.one())

    async def claim(self, most: int) -> list[Submission]:
        """The oldest that wait; a declarer's are handled by one worker at a time, in order."""
        oldest = await self._connection.scalars(
            text(
                "SELECT declarer FROM risk_declarations WHERE state = 'received'"
                " ORDER BY sequence LIMIT :most"
            ),
            {"most": most},
        )
        mine = await self._connection.scalars(
            text(
                "SELECT declarer FROM unnest(CAST(:declarers AS text[])) AS declarer"
                " WHERE pg_try_advisory_xact_lock(hashtext('declarer'), hashtext(declarer))"
            ),
            {"declarers": sorted(set(oldest))},
        )
        rows = await self._connection.execute(
            text(
                "SELECT * FROM risk_declarations WHERE state = 'received'"
                " AND declarer = ANY(:mine) ORDER BY sequence LIMIT :most FOR UPDATE SKIP LOCKED"
            ),
            {"mine": list(mine), "most": most},
        )
        return [_submission(row) for row in rows]

    async def handled(
        self, submission: Submission, state: Handled, notification: bytes, number: str
    ) -> None:
        await self._connection.execute(
            text(
                "UPDATE risk_declarations SET state = :state, notification = :notification,"
                " risk_number = :number WHERE declarer = :declarer AND ticket = :ticket"
            ),
            {
                "state": state.value,
                "notification": notification,
                "number": number,
                "declarer": submission.declarer,
                "ticket": submission.ticket,
            },
        )

    async def submission(self, path: str, ticket: str) -> Submission | None:
        """Of the declarer, or of who declared for it."""
        found = await self._connection.execute(
            text(
                "SELECT * FROM risk_declarations WHERE ticket = :ticket"
                " AND (declarer = :path OR declarant = :path)"
            ),
            {"path": path, "ticket": ticket},
        )
        row = found.one_or_none()
        return _submission(row) if row else None


def _values(submission: Submission) -> dict[str, Any]:
    return {
        "declarer": submission.declarer,
        "ticket": submission.ticket,
        "request_id": submission.request_id,
        "digest": submission.digest,
        "channel": submission.channel.value,
        "received_at": submission.received_at,
        "form": submission.form,
        "anomalies": list(submission.anomalies),
        "action": submission.action,
        "risk_number": submission.number,
        "image_digest": submission.image_digest,
        "received_on": submission.received_on,
        "caller": submission.caller,
        "declarant": submission.declarant,
        "chain": list(submission.chain),
        "traceparent": submission.traceparent,
        "state": submission.handled.value,
        "notification": submission.notification,
    }


def _submission(row: Any) -> Submission:
    return Submission(
        declarer=row.declarer,
        ticket=row.ticket,
        request_id=row.request_id,
        digest=bytes(row.digest),
        channel=Channel(row.channel),
        received_at=row.received_at,
        form=bytes(row.form),
        anomalies=tuple(bytes(anomaly) for anomaly in row.anomalies),
        action=row.action,
        number=row.risk_number,
        image_digest=bytes(row.image_digest),
        received_on=row.received_on,
        caller=row.caller,
        declarant=row.declarant,
        chain=tuple(row.chain),
        traceparent=row.traceparent,
        handled=Handled(row.state),
        notification=bytes(row.notification),
    )
