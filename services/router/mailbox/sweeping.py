"""Sweeping mailboxes in the background."""

from __future__ import annotations

import asyncio

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from mesh import clock
from services.router.mailbox.store import MailboxStore

LOG = structlog.get_logger()
EVERY_S = 60.0


async def sweep_for_ever(store: MailboxStore) -> None:
    """Delete what mailboxes no longer keep, a little at a time."""
    while True:
        await asyncio.sleep(EVERY_S)
        try:
            while swept := await store.sweep(clock.now()):
                LOG.info("deliveries swept", count=swept)
        except (DBAPIError, PoolTimeout) as error:
            LOG.warning("mailboxes are not swept; again later", error=type(error).__name__)
