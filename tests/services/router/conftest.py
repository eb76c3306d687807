"""The router's database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import services.router
from mesh import database as db
from services.router.store import Store


@pytest.fixture
async def store(database: str) -> AsyncIterator[Store]:
    migrations = Path(next(iter(services.router.__path__))) / "migrations"
    await db.migrate(database, migrations)
    engine = db.engine(database)
    yield Store(engine)
    await engine.dispose()
