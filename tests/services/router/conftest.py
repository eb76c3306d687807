"""The router's database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

import services.router
from mesh import database as db
from mesh import refusals
from services.router.mailbox.store import MailboxStore
from services.router.store import Store

HOME = Path(next(iter(services.router.__path__)))
refusals.load(HOME / "texts.yaml")


@pytest.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    await db.migrate(database, HOME / "migrations")
    opened = db.engine(database)
    yield opened
    await opened.dispose()


@pytest.fixture
def store(engine: AsyncEngine) -> Store:
    return Store(engine)


@pytest.fixture
def mailboxes(engine: AsyncEngine) -> MailboxStore:
    return MailboxStore(engine)
