"""The mailboxes of the router's database: reading them, how they are kept, and sweeping them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mesh.coalescing import Coalescer
from mesh.institutions import Institution
from services.router.mailbox.domain import (
    MOST_DAYS,
    Extent,
    MailboxSettings,
    Mode,
    NoLongerKept,
)
from services.router.mailbox.rows import MAILBOXES, SETTINGS

FOLLOWING = sa.text(
    """
    SELECT position, delivery FROM deliveries
    WHERE institution = :institution AND position > :after ORDER BY position LIMIT :most
    """
)
ACKNOWLEDGE = sa.text(
    """
    WITH heard AS (
        SELECT institution, max(position) AS position
        FROM unnest(CAST(:institutions AS text[]), CAST(:positions AS bigint[]))
             AS given(institution, position)
        GROUP BY institution
    ), mine AS (
        SELECT institution, last_position, acknowledged FROM mailboxes
        WHERE institution IN (SELECT institution FROM heard)
        ORDER BY institution FOR UPDATE
    )
    UPDATE mailboxes AS mailbox
    SET acknowledged = greatest(mine.acknowledged, least(mine.last_position, heard.position))
    FROM mine JOIN heard USING (institution)
    WHERE mailbox.institution = mine.institution
    RETURNING mailbox.institution, mailbox.acknowledged
    """
)
MOST_SWEPT = 1000
"""Deliveries that one statement sweeps."""


class MailboxStore:
    """Mailboxes: append-only numbered logs with the position of their reader."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._alone = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._acknowledge: Coalescer[tuple[str, int], int] = Coalescer(
            self._acknowledge_all, name="acknowledgements"
        )

    async def deliveries(self, institution: Institution, after: int, most: int) -> list[bytes]:
        """The deliveries after a position, in order and without a gap. Raises NoLongerKept."""
        async with self._alone.connect() as connection:
            rows = (
                await connection.execute(
                    FOLLOWING, {"institution": str(institution), "after": after, "most": most}
                )
            ).all()
        if rows and rows[0].position != after + 1:
            raise NoLongerKept(rows[0].position)
        return [bytes(row.delivery) for row in rows]

    async def extent(self, institution: Institution) -> Extent:
        """Of a mailbox; that of an empty one where nothing was ever delivered."""
        async with self._engine.connect() as connection:
            row = (
                await connection.execute(
                    sa.select(
                        MAILBOXES.c.first_position,
                        MAILBOXES.c.last_position,
                        MAILBOXES.c.acknowledged,
                    ).where(MAILBOXES.c.institution == str(institution))
                )
            ).one_or_none()
        return Extent(row.first_position, row.last_position, row.acknowledged) if row else Extent()

    async def acknowledge(self, institution: Institution, position: int) -> int:
        """Move the reader's position on, never back and never past the last delivery."""
        return await self._acknowledge((str(institution), position))

    async def _acknowledge_all(self, heard: Sequence[tuple[str, int]]) -> list[int]:
        """One statement; it takes the mailboxes in the order in which they are filled."""
        async with self._alone.connect() as connection:
            rows = await connection.execute(
                ACKNOWLEDGE,
                {
                    "institutions": [institution for institution, _ in heard],
                    "positions": [position for _, position in heard],
                },
            )
            stand = {row.institution: row.acknowledged for row in rows}
        return [stand.get(institution, 0) for institution, _ in heard]

    async def settings(self, institution: Institution) -> MailboxSettings:
        """As put; the defaults where none were."""
        async with self._engine.connect() as connection:
            row = (
                await connection.execute(
                    sa.select(SETTINGS.c.mode, SETTINGS.c.retention_days).where(
                        SETTINGS.c.institution == str(institution)
                    )
                )
            ).one_or_none()
        return MailboxSettings(Mode(row.mode), row.retention_days) if row else MailboxSettings()

    async def put_settings(
        self, institution: Institution, settings: MailboxSettings, by: str, at: datetime
    ) -> None:
        values = {
            "mode": settings.mode.value,
            "retention_days": settings.retention_days,
            "put_by": by,
            "put_at": at,
        }
        async with self._engine.begin() as connection:
            await connection.execute(
                insert(SETTINGS)
                .values(institution=str(institution), **values)
                .on_conflict_do_update(index_elements=["institution"], set_=values)
            )

    async def sweep(self, at: datetime) -> int:
        """Delete what is over, oldest first and a bounded number in each mailbox; how many.

        Over is what was acknowledged and is older than the mailbox keeps, and all that is older
        than MOST_DAYS. Of each the entry_id stays: the ledger is reconciled with it.
        """
        async with self._engine.connect() as connection:
            rows = await connection.execute(
                sa.text(
                    """
                    SELECT mailbox.institution, settings.retention_days
                    FROM mailboxes AS mailbox
                    JOIN deliveries AS oldest ON oldest.institution = mailbox.institution
                                             AND oldest.position = mailbox.first_position
                    LEFT JOIN mailbox_settings AS settings
                           ON settings.institution = mailbox.institution
                    WHERE oldest.delivered_at < :at - make_interval(days => CASE
                        WHEN mailbox.first_position > mailbox.acknowledged THEN :most
                        ELSE coalesce(settings.retention_days, :default) END)
                    """
                ),
                {"at": at, "most": MOST_DAYS, "default": MailboxSettings().retention_days},
            )
            due = [(row.institution, row.retention_days) for row in rows]
        swept = 0
        for institution, days in due:
            retention = timedelta(days=days or MailboxSettings().retention_days)
            async with self._engine.begin() as connection:
                swept += await self._sweep(connection, institution, at, retention)
        return swept

    @staticmethod
    async def _sweep(
        connection: AsyncConnection, institution: str, at: datetime, retention: timedelta
    ) -> int:
        """Sweep one mailbox; what is delivered to it meanwhile waits."""
        row = (
            await connection.execute(
                sa.select(MAILBOXES.c.first_position, MAILBOXES.c.acknowledged)
                .where(MAILBOXES.c.institution == institution)
                .with_for_update()
            )
        ).one()
        gone = await connection.execute(
            sa.text(
                """
                WITH oldest AS (
                    SELECT position, delivered_at < :dead OR (position <= :acknowledged
                                                     AND delivered_at < :old) AS is_over
                    FROM deliveries
                    WHERE institution = :institution AND position >= :first
                    ORDER BY position LIMIT :most
                ), bound AS (
                    SELECT coalesce(min(position) FILTER (WHERE NOT is_over), max(position) + 1)
                           AS position
                    FROM oldest
                ), gone AS (
                    DELETE FROM deliveries USING bound
                    WHERE institution = :institution AND deliveries.position >= :first
                      AND deliveries.position < bound.position
                    RETURNING deliveries.position, deliveries.entry_id
                )
                INSERT INTO swept_deliveries (institution, position, entry_id)
                SELECT :institution, position, entry_id FROM gone
                """
            ),
            {
                "institution": institution,
                "first": row.first_position,
                "acknowledged": row.acknowledged,
                "dead": at - timedelta(days=MOST_DAYS),
                "old": at - retention,
                "most": MOST_SWEPT,
            },
        )
        await connection.execute(
            sa.update(MAILBOXES)
            .where(MAILBOXES.c.institution == institution)
            .values(first_position=MAILBOXES.c.first_position + gone.rowcount)
        )
        return gone.rowcount
