"""Quarterly declarations as taken in: their parts while they arrive, then the whole, once."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from mesh import database
from services.declarations.dmfa.records import Kind, Submission
from services.declarations.domain import Channel, State

RECEIVED = "dmfa_received"
_FOR_NOTHING = "1 hour"
"""How long parts whose closing never came are kept: much longer than any stream lasts."""


class Intake:
    """Questions to the declarations received, within one transaction of the caller's."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def put_part(self, declarant: str, ticket: str, number: int, content: bytes) -> None:
        await self._connection.execute(
            text(
                "INSERT INTO dmfa_parts (declarant, ticket, number, content)"
                " VALUES (:declarant, :ticket, :number, :content)"
            ),
            {"declarant": declarant, "ticket": ticket, "number": number, "content": content},
        )

    async def part(self, declarant: str, ticket: str, number: int) -> bytes | None:
        """The parts of a declaration are numbered from 0 on."""
        found = await self._connection.scalar(
            text(
                "SELECT content FROM dmfa_parts"
                " WHERE declarant = :declarant AND ticket = :ticket AND number = :number"
            ),
            {"declarant": declarant, "ticket": ticket, "number": number},
        )
        return None if found is None else bytes(found)

    async def drop_parts(self, declarant: str, ticket: str) -> None:
        await self._connection.execute(
            text("DELETE FROM dmfa_parts WHERE declarant = :declarant AND ticket = :ticket"),
            {"declarant": declarant, "ticket": ticket},
        )

    async def sweep(self) -> int:
        """Drop parts of streams that broke off with their process; how many. A scatter."""
        old = await self._connection.scalars(
            text(
                "SELECT DISTINCT ticket FROM dmfa_parts"
                " WHERE arrived_at < now() - CAST(:age AS interval)"
            ),
            {"age": _FOR_NOTHING},
        )
        tickets = set(old)
        closed = await self._connection.scalars(
            text("SELECT ticket FROM dmfa_declarations WHERE ticket = ANY(:tickets)"),
            {"tickets": sorted(tickets)},
        )
        dropped = await self._connection.execute(
            text("DELETE FROM dmfa_parts WHERE ticket = ANY(:tickets)"),
            {"tickets": sorted(tickets - set(closed))},
        )
        return dropped.rowcount

    async def receive(self, sent: Submission) -> Submission:
        """Store a declaration; as stored now or, where the request came before, as stored then."""
        await self._connection.execute(
            text(
                "INSERT INTO dmfa_declarations (employer, ticket, request_id, digest, kind,"
                " declarant, channel, quarter, workers, received_at, form, anomalies, caller,"
                " chain, traceparent, state, notification, declaration_pid)"
                " VALUES (:employer, :ticket, :request_id, :digest, :kind, :declarant, :channel,"
                " :quarter, :workers, :received_at, :form, :anomalies, :caller, :chain,"
                " :traceparent, :state, :notification, :declaration_pid)"
                " ON CONFLICT (employer, declarant, request_id) DO NOTHING"
            ),
            _values(sent),
        )
        found = await self._connection.execute(
            text(
                "SELECT * FROM dmfa_declarations WHERE employer = :employer"
                " AND declarant = :declarant AND request_id = :request_id"
            ),
            {
                "employer": sent.employer,
                "declarant": sent.declarant,
                "request_id": sent.request_id,
            },
        )
        stored = _submission(found.one())
        if stored.ticket != sent.ticket:
            await self.drop_parts(sent.declarant, sent.ticket)
        await database.notify(self._connection, RECEIVED)
        return stored

    async def claim(self) -> Submission | None:
        """The oldest to handle of an employer that nobody else is handling anything of."""
        found = await self._connection.execute(
            text(
                "SELECT * FROM dmfa_declarations AS one WHERE sequence = ("
                " SELECT sequence FROM dmfa_declarations AS waiting WHERE state = 'received'"
                " AND NOT EXISTS (SELECT FROM dmfa_declarations AS older"
                " WHERE older.employer = waiting.employer AND older.state = 'received'"
                " AND older.sequence < waiting.sequence)"
                " ORDER BY sequence LIMIT 1 FOR UPDATE SKIP LOCKED)"
            )
        )
        row = found.one_or_none()
        return _submission(row) if row else None

    async def handled(
        self, submission: Submission, state: State, notification: bytes, declaration_pid: int
    ) -> None:
        await self._connection.execute(
            text(
                "UPDATE dmfa_declarations SET state = :state, notification = :notification,"
                " declaration_pid = :pid WHERE employer = :employer AND ticket = :ticket"
            ),
            {
                "state": state.value,
                "notification": notification,
                "pid": declaration_pid,
                "employer": submission.employer,
                "ticket": submission.ticket,
            },
        )

    async def submission(self, enterprise: str, ticket: str) -> Submission | None:
        """Of the employer, or of who declared for it."""
        found = await self._connection.execute(
            text(
                "SELECT * FROM dmfa_declarations WHERE ticket = :ticket"
                " AND (employer = :enterprise OR declarant = :enterprise)"
            ),
            {"enterprise": enterprise, "ticket": ticket},
        )
        row = found.one_or_none()
        return _submission(row) if row else None

    async def declarations(
        self, employer: str, quarter: str, before: int, most: int
    ) -> list[Submission]:
        """Newest first, those before a sequence number; without a quarter, of every one."""
        rows = await self._connection.execute(
            text(
                "SELECT employer, ticket, sequence, request_id, digest, kind, declarant, channel,"
                " quarter, workers, received_at, CAST('' AS bytea) AS form,"
                " CAST('{}' AS bytea[]) AS anomalies, caller, chain, traceparent, state,"
                " notification, declaration_pid FROM dmfa_declarations"
                " WHERE employer = :employer AND sequence < :before"
                " AND (:quarter = '' OR quarter = :quarter)"
                " ORDER BY sequence DESC LIMIT :most"
            ),
            {"employer": employer, "quarter": quarter, "before": before, "most": most},
        )
        return [_submission(row) for row in rows]

    async def declaration_pid(self, employer: str, quarter: str) -> int:
        """The number of the employer's quarter; 0 where no original was accepted."""
        found = await self._connection.scalar(
            text(
                "SELECT declaration_pid FROM dmfa_declarations WHERE employer = :employer"
                " AND quarter = :quarter AND kind = 'original' AND state = 'accepted'"
            ),
            {"employer": employer, "quarter": quarter},
        )
        return int(found or 0)


def _values(one: Submission) -> dict[str, Any]:
    return {
        "employer": one.employer,
        "ticket": one.ticket,
        "request_id": one.request_id,
        "digest": one.digest,
        "kind": one.kind.value,
        "declarant": one.declarant,
        "channel": one.channel.value,
        "quarter": one.quarter,
        "workers": one.workers,
        "received_at": one.received_at,
        "form": one.form,
        "anomalies": list(one.anomalies),
        "caller": one.caller,
        "chain": list(one.chain),
        "traceparent": one.traceparent,
        "state": one.state.value,
        "notification": one.notification,
        "declaration_pid": one.declaration_pid,
    }


def _submission(row: Any) -> Submission:
    return Submission(
        employer=row.employer,
        ticket=row.ticket,
        request_id=row.request_id,
        digest=bytes(row.digest),
        kind=Kind(row.kind),
        declarant=row.declarant,
        channel=Channel(row.channel),
        quarter=row.quarter,
        workers=row.workers,
        received_at=row.received_at,
        form=bytes(row.form),
        anomalies=tuple(bytes(anomaly) for anomaly in row.anomalies),
        caller=row.caller,
        chain=tuple(row.chain),
        traceparent=row.traceparent,
        state=State(row.state),
        notification=bytes(row.notification),
        declaration_pid=row.declaration_pid,
        sequence=row.sequence,
    )
