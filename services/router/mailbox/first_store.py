"""First deliveries in the router's database: each request id once, and in one transaction."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from mesh.institutions import Institution
from mesh.written import Written
from services.router.mailbox import rows
from services.router.mailbox.rows import DELIVERIES, MAILBOXES
from services.router.mutation import Addressed

FIRST = sa.table(
    "first_deliveries",
    sa.column("institution", sa.Text),
    sa.column("request_id", sa.Text),
    sa.column("digest", sa.LargeBinary),
    sa.column("ticket", sa.Text),
    sa.column("asked_at", sa.DateTime(timezone=True)),
    sa.column("answer", sa.LargeBinary),
)


class Overtaken(Exception):  # noqa: N818 - it states what is so
    """While the holders were asked, a change about the person was delivered to the same mailbox.

    What they answered may be older than it, and must not come after it.
    """


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for a first delivery as kept; `answer` is None until it was delivered."""

    institution: Institution
    request_id: str
    ticket: str
    digest: bytes
    answer: bytes | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to put into the mailbox, and what to keep of it."""

    ssins: frozenset[str]
    addressed: Sequence[Addressed]
    written: Written
    permitted: Sequence[str]
    answer: bytes


class FirstDeliveryStore:
    """What was asked for, and what became of it."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def ask(
        self, institution: Institution, request_id: str, digest: bytes, ticket: str, at: datetime
    ) -> Asked:
        """Keep a request; the one now kept under its id, which may have come first."""
        key = (FIRST.c.institution == str(institution), FIRST.c.request_id == request_id)
        async with self._engine.begin() as connection:
            await connection.execute(
                insert(FIRST)
                .values(
                    institution=str(institution),
                    request_id=request_id,
                    digest=digest,
                    ticket=ticket,
                    asked_at=at,
                )
                .on_conflict_do_nothing()
            )
            row = (
                await connection.execute(
                    sa.select(FIRST.c.ticket, FIRST.c.digest, FIRST.c.answer).where(*key)
                )
            ).one()
        answer = None if row.answer is None else bytes(row.answer)
        return Asked(institution, request_id, row.ticket, bytes(row.digest), answer)

    async def last_position(self, institution: Institution) -> int:
        async with self._engine.connect() as connection:
            found: int | None = await connection.scalar(
                sa.select(MAILBOXES.c.last_position).where(
                    MAILBOXES.c.institution == str(institution)
                )
            )
        return found or 0

    async def signals_only(self, institution: Institution, mode: int) -> bool:
        async with self._engine.connect() as connection:
            return str(institution) in await rows.signals(connection, mode)

    async def deliver(
        self,
        asked: Asked,
        outcome: Outcome,
        after: int,
        at: datetime,
        number: Callable[[bytes, int], bytes],
    ) -> bytes:
        """Deliver, unless it was delivered already; the answer that counts. Raises Overtaken.

        `after` is the last position of the mailbox before the holders were asked.
        """
        institution = str(asked.institution)
        key = {"institution": institution, "request_id": asked.request_id}
        where = (FIRST.c.institution == institution, FIRST.c.request_id == asked.request_id)
        async with self._engine.begin() as connection:
            before: bytes | None = await connection.scalar(
                sa.select(FIRST.c.answer).where(*where).with_for_update()
            )
            if before is None:
                opened = insert(MAILBOXES).values(institution=institution, last_position=0)
                await connection.execute(
                    opened.on_conflict_do_update(  # holds the mailbox until the end
                        index_elements=["institution"],
                        set_={"last_position": MAILBOXES.c.last_position},
                    )
                )
                overtaken = await connection.scalar(
                    sa.select(sa.literal(True))
                    .where(
                        DELIVERIES.c.institution == institution,
                        DELIVERIES.c.position > after,
                        DELIVERIES.c.ssin.in_(sorted(outcome.ssins)),
                    )
                    .limit(1)
                )
                if overtaken:
                    raise Overtaken
                await rows.put(connection, outcome.addressed, at, number)
            await connection.execute(
                sa.text(
                    """
                    UPDATE first_deliveries
                    SET answer = coalesce(answer, :answer),
                        written = written || CAST(:written AS jsonb),
                        permitted = permitted || CAST(:permitted AS text[])
                    WHERE institution = :institution AND request_id = :request_id
                    """
                ),
                {
                    **key,
                    "answer": outcome.answer,
                    "written": json.dumps(outcome.written),
                    "permitted": list(outcome.permitted),
                },
            )
        return outcome.answer if before is None else bytes(before)
