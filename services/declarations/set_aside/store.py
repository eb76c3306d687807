"""What is set aside, in the tables in which it was received."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from mesh import database
from services.declarations import store as dimona
from services.declarations.dmfa import intake as dmfa
from services.declarations.risks import intake as risks
from services.declarations.set_aside.domain import Aside, Line


@dataclass(frozen=True, slots=True)
class Table:
    """Where a line keeps its declarations, by whose they are, and what wakes its worker."""

    name: str
    whose: str
    channel: str


TABLES = {
    Line.DIMONA: Table("declarations", "employer", dimona.RECEIVED),
    Line.DMFA: Table("dmfa_declarations", "employer", dmfa.RECEIVED),
    Line.RISKS: Table("risk_declarations", "declarer", risks.RECEIVED),
}


class Store:
    """Questions to what is set aside, within one transaction of the caller's."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def put(self, aside: Aside, notification: bytes) -> None:
        table = TABLES[aside.line]
        await self._connection.execute(
            text(
                f"UPDATE {table.name} SET state = 'set_aside', notification = :notification,"  # noqa: S608 - names of ours
                f" failure = :failure, set_aside_at = :at WHERE {table.whose} = :whose"
                " AND ticket = :ticket"
            ),
            {
                "notification": notification,
                "failure": aside.failure,
                "at": aside.set_aside_at,
                "whose": aside.whose,
                "ticket": aside.ticket,
            },
        )

    async def all(self, after: str, most: int) -> list[Aside]:
        """In order of ticket, those after one. A scatter over all employers."""
        several = " UNION ALL ".join(
            f"SELECT '{line.value}' AS line, {table.whose} AS whose, ticket, received_at,"  # noqa: S608 - names of ours
            f" set_aside_at, failure FROM {table.name}"
            " WHERE state = 'set_aside' AND ticket > :after"
            for line, table in TABLES.items()
        )
        rows = await self._connection.execute(
            text(f"{several} ORDER BY ticket LIMIT :most"), {"after": after, "most": most}
        )
        return [
            Aside(Line(r.line), r.whose, r.ticket, r.received_at, r.set_aside_at, r.failure)
            for r in rows
        ]

    async def retry(self, ticket: str) -> list[tuple[Line, str]]:
        """Have it handled again; empty: all that is set aside. By line and ticket."""
        retried = []
        for line, table in TABLES.items():
            found = await self._connection.scalars(
                text(
                    f"UPDATE {table.name} SET state = 'received'"  # noqa: S608 - names of ours
                    " WHERE state = 'set_aside' AND (:ticket = '' OR ticket = :ticket)"
                    " RETURNING ticket"
                ),
                {"ticket": ticket},
            )
            retried += [(line, one) for one in found]
            await database.notify(self._connection, table.channel)
        return retried
