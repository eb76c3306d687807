"""Declarations in PostgreSQL: taken in once, handled once, never changed after."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from mesh import database
from services.declarations.domain import Channel, Declaration, Employer, State

RECEIVED = "declarations_received"
HANDLED = "declarations_handled"
BEARERS = text(
    "SELECT nsso_number, enterprise_number FROM employers WHERE nsso_number = ANY(:numbers)"
)
ANSWER = text(
    """
    UPDATE declarations AS declaration
    SET state = answer.state, notification = answer.notification,
        dimona_period_id = answer.period_id
    FROM unnest(
        CAST(:employers AS text[]), CAST(:tickets AS text[]), CAST(:states AS text[]),
        CAST(:notifications AS bytea[]), CAST(:period_ids AS text[])
    ) AS answer(employer, ticket, state, notification, period_id)
    WHERE declaration.employer = answer.employer AND declaration.ticket = answer.ticket
    """
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a declaration, and the period it made or changed."""

    employer: str
    ticket: str
    state: State
    notification: bytes
    period_id: str


class Store:
    """Questions to the declarations, within one transaction of the caller's."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def know(self, employers: Iterable[Employer]) -> None:
        """Record employers, or what has changed of them."""
        await self._connection.execute(
            text(
                "INSERT INTO employers (nsso_number, enterprise_number, registers_days)"
                " VALUES (:nsso_number, :enterprise_number, :registers_days)"
                " ON CONFLICT (nsso_number) DO UPDATE"
                " SET enterprise_number = excluded.enterprise_number,"
                " registers_days = excluded.registers_days"
            ),
            [asdict(employer) for employer in employers],
        )

    async def bearers(self, nsso_numbers: Sequence[str]) -> dict[str, Employer]:
        """The employers that bear these NSSO numbers, by number."""
        rows = await self._connection.execute(
            BEARERS,
            {"numbers": list(nsso_numbers)},
        )
        return {row.nsso_number: Employer(row.enterprise_number, row.nsso_number) for row in rows}

    async def bearer(self, nsso_number: str) -> Employer | None:
        return (await self.bearers([nsso_number])).get(nsso_number)

    async def employers(self, enterprise_numbers: Sequence[str]) -> dict[str, Employer]:
        """By enterprise number; who is not known is left out."""
        rows = await self._connection.execute(
            text(
                "SELECT enterprise_number, min(nsso_number) AS nsso_number,"
                " bool_or(registers_days) AS registers_days FROM employers"
                " WHERE enterprise_number = ANY(:numbers) GROUP BY enterprise_number"
            ),
            {"numbers": list(enterprise_numbers)},
        )
        return {
            r.enterprise_number: Employer(r.enterprise_number, r.nsso_number, r.registers_days)
            for r in rows
        }

    async def claim(self, most: int) -> list[Declaration]:
        """The oldest declarations to handle; an employer's are handled by one worker, in order."""
        oldest = await self._connection.scalars(
            text(
                "SELECT employer FROM declarations WHERE state = 'received'"
                " ORDER BY sequence LIMIT :most"
            ),
            {"most": most},
        )
        mine = await self._connection.scalars(
            text(
                "SELECT employer FROM unnest(CAST(:employers AS text[])) AS employer"
                " WHERE pg_try_advisory_xact_lock(hashtext('employer'), hashtext(employer))"
            ),
            {"employers": sorted(set(oldest))},
        )
        rows = await self._connection.execute(
            text(
                "SELECT * FROM declarations WHERE state = 'received' AND employer = ANY(:mine)"
                " ORDER BY sequence LIMIT :most FOR UPDATE SKIP LOCKED"
            ),
            {"mine": list(mine), "most": most},
        )
        return [_declaration(row) for row in rows]

    async def handled(self, answers: Sequence[Answer]) -> None:
        await self._connection.execute(
            ANSWER,
            {
                "employers": [answer.employer for answer in answers],
                "tickets": [answer.ticket for answer in answers],
                "states": [answer.state.value for answer in answers],
                "notifications": [answer.notification for answer in answers],
                "period_ids": [answer.period_id for answer in answers],
            },
        )

    async def tell_handled(self) -> None:
        """Wake, once this transaction commits, whoever waits for a notification."""
        await database.notify(self._connection, HANDLED)

    async def declaration(self, enterprise: str, ticket: str) -> Declaration | None:
        """Of the employer, or of who declared for it."""
        found = await self._connection.execute(
            text(
                "SELECT * FROM declarations WHERE ticket = :ticket"
                " AND (employer = :enterprise OR declarant = :enterprise)"
            ),
            {"enterprise": enterprise, "ticket": ticket},
        )
        row = found.one_or_none()
        return _declaration(row) if row else None

    async def declarations(self, employer: str, before: int, most: int) -> list[Declaration]:
        """Newest first, those before a sequence number."""
        rows = await self._connection.execute(
            text(
                "SELECT * FROM declarations WHERE employer = :employer AND sequence < :before"
                " ORDER BY sequence DESC LIMIT :most"
            ),
            {"employer": employer, "before": before, "most": most},
        )
        return [_declaration(row) for row in rows]

    async def waiting(self, after: int, most: int) -> list[Declaration]:
        """Those that wait for a person, oldest first, after a sequence number. A scatter."""
        rows = await self._connection.execute(
            text(
                "SELECT * FROM declarations WHERE state = 'waiting' AND sequence > :after"
                " ORDER BY sequence LIMIT :most"
            ),
            {"after": after, "most": most},
        )
        return [_declaration(row) for row in rows]

    async def identify(self, ticket: str, ssin: str) -> bool:
        """Have a waiting declaration handled as about this person; empty: about nobody known."""
        found = await self._connection.execute(
            text(
                "UPDATE declarations SET state = 'received', identified_as = :ssin"
                " WHERE ticket = :ticket AND state = 'waiting'"
            ),
            {"ticket": ticket, "ssin": ssin},
        )
        await database.notify(self._connection, RECEIVED)
        return bool(found.rowcount)


def _declaration(row: Any) -> Declaration:
    return Declaration(
        employer=row.employer,
        ticket=row.ticket,
        request_id=row.request_id,
        digest=bytes(row.digest),
        channel=Channel(row.channel),
        received_at=row.received_at,
        form=bytes(row.form),
        anomalies=tuple(bytes(anomaly) for anomaly in row.anomalies),
        caller=row.caller,
        chain=tuple(row.chain),
        traceparent=row.traceparent,
        state=State(row.state),
        notification=bytes(row.notification),
        dimona_period_id=row.dimona_period_id,
        sequence=row.sequence,
        declarant=row.declarant,
        place=row.place,
        identified_as=row.identified_as,
    )
