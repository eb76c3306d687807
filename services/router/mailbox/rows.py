"""Mailboxes as their tables have them, and how a delivery gets its position."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from mesh import database
from services.router.mutation import Addressed

DELIVERED = "delivered"
"""Channel that wakes the mailboxes."""
MAILBOXES = sa.table(
    "mailboxes",
    sa.column("institution", sa.Text),
    sa.column("first_position", sa.BigInteger),
    sa.column("last_position", sa.BigInteger),
    sa.column("acknowledged", sa.BigInteger),
)
DELIVERIES = sa.table(
    "deliveries",
    sa.column("institution", sa.Text),
    sa.column("position", sa.BigInteger),
    sa.column("ssin", sa.Text),
    sa.column("delivery", sa.LargeBinary),
    sa.column("entry_id", sa.Text),
    sa.column("delivered_at", sa.DateTime(timezone=True)),
)
SETTINGS = sa.table(
    "mailbox_settings",
    sa.column("institution", sa.Text),
    sa.column("mode", sa.SmallInteger),
    sa.column("retention_days", sa.Integer),
    sa.column("put_by", sa.Text),
    sa.column("put_at", sa.DateTime(timezone=True)),
)


async def put(
    connection: AsyncConnection,
    addressed: Sequence[Addressed],
    at: datetime,
    number: Callable[[bytes, int], bytes],
) -> None:
    """Put deliveries into their mailboxes, each at the next position.

    `number` writes a position into a serialised delivery.
    """
    counts: dict[str, int] = {}
    for one in addressed:
        counts[str(one.institution)] = counts.get(str(one.institution), 0) + 1
    if not counts:
        return
    opened = insert(MAILBOXES).values(
        [{"institution": name, "last_position": counts[name]} for name in sorted(counts)]
    )
    rows = await connection.execute(
        opened.on_conflict_do_update(
            index_elements=["institution"],
            set_={"last_position": MAILBOXES.c.last_position + opened.excluded.last_position},
        ).returning(MAILBOXES.c.institution, MAILBOXES.c.last_position)
    )
    following = {row.institution: row.last_position - counts[row.institution] for row in rows}
    values = []
    for one in addressed:
        name = str(one.institution)
        following[name] += 1
        values.append(
            {
                "institution": name,
                "position": following[name],
                "ssin": one.ssin,
                "delivery": number(one.delivery, following[name]),
                "entry_id": one.entry_id,
                "delivered_at": at,
            }
        )
    await connection.execute(sa.insert(DELIVERIES).values(values))
    await database.notify(connection, DELIVERED)


async def signals(connection: AsyncConnection, mode: int) -> frozenset[str]:
    """The institutions whose mailboxes are in a mode that was put."""
    rows = await connection.execute(
        sa.select(SETTINGS.c.institution).where(SETTINGS.c.mode == mode)
    )
    return frozenset(rows.scalars())
