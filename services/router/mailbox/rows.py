"""Mailboxes as their tables have them, and how a delivery gets its position."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mesh import database
from services.router.mutation import Addressed

DELIVERED = "delivered"
"""Channel that wakes the mailboxes; its word names them."""
BETWEEN = ","
"""Between their names."""
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

OPEN = sa.text(
    """
    INSERT INTO mailboxes AS mailbox (institution, last_position)
    SELECT institution, count
    FROM unnest(CAST(:institutions AS text[]), CAST(:counts AS bigint[]))
         AS given(institution, count)
    ORDER BY institution
    ON CONFLICT (institution)
    DO UPDATE SET last_position = mailbox.last_position + excluded.last_position
    RETURNING institution, last_position
    """
)
"""Always in the order of the institutions, so that nobody waits for each other in a ring."""
FILL = sa.text(
    """
    INSERT INTO deliveries (institution, position, ssin, delivery, entry_id, delivered_at)
    SELECT institution, position, ssin, delivery, entry_id, CAST(:at AS timestamptz)
    FROM unnest(CAST(:institutions AS text[]), CAST(:positions AS bigint[]),
                CAST(:ssins AS text[]), CAST(:deliveries AS bytea[]),
                CAST(:entry_ids AS text[]))
         AS given(institution, position, ssin, delivery, entry_id)
    """
)
IN_MODE = sa.text("SELECT institution FROM mailbox_settings WHERE mode = :mode")


async def put(
    connection: AsyncConnection,
    addressed: Sequence[Addressed],
    at: datetime,
    number: Callable[[bytes, int], bytes],
) -> None:
    """Put deliveries into their mailboxes, each at the next position.

    `number` writes a position into a serialised delivery.
    """
    counts = Counter(str(one.institution) for one in addressed)
    if not counts:
        return
    names = sorted(counts)
    rows = await connection.execute(
        OPEN, {"institutions": names, "counts": [counts[name] for name in names]}
    )
    following = {row.institution: row.last_position - counts[row.institution] for row in rows}
    positions = []
    for one in addressed:
        following[str(one.institution)] += 1
        positions.append(following[str(one.institution)])
    await connection.execute(
        FILL,
        {
            "institutions": [str(one.institution) for one in addressed],
            "positions": positions,
            "ssins": [one.ssin for one in addressed],
            "deliveries": [
                number(one.delivery, position)
                for one, position in zip(addressed, positions, strict=True)
            ],
            "entry_ids": [one.entry_id for one in addressed],
            "at": at,
        },
    )
    await database.notify(connection, DELIVERED, BETWEEN.join(names))


async def signals(connection: AsyncConnection, mode: int) -> frozenset[str]:
    """The institutions whose mailboxes are in a mode that was put."""
    rows = await connection.execute(IN_MODE, {"mode": mode})
    return frozenset(rows.scalars())
