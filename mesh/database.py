"""The one durable engine: PostgreSQL, by SQLAlchemy Core over psycopg."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import structlog
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from mesh.arrays import Arrays

LOG = structlog.get_logger()
MIGRATION_LOCK = 7_243_201_001
MOST_WORD_BYTES = 8000
"""PostgreSQL carries less than this with a wake-up."""
LOOK_ANYWAY_S = 5.0
MOST_WAIT_S = 5.0


def engine(url: str, pool: int = 8) -> AsyncEngine:
    """An engine that never puts parameters, which may name persons, into errors or logs."""
    made = create_async_engine(
        url,
        pool_size=pool,
        max_overflow=0,
        pool_timeout=2.0,
        hide_parameters=True,
        connect_args={"prepare_threshold": 1, "connect_timeout": 5},
    )
    event.listen(made.sync_engine, "connect", _adapt)
    return made


def _adapt(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    driver: Any = connection.driver_connection
    driver.adapters.register_dumper(list, Arrays)


async def migrate(url: str, migrations: Path) -> None:
    """Bring a schema up to its newest revision; of several processes at once, one does it."""
    await asyncio.to_thread(_migrate, url, migrations)


def _migrate(url: str, migrations: Path) -> None:
    once = create_engine(url, poolclass=NullPool, hide_parameters=True)
    with once.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": MIGRATION_LOCK})
        connection.commit()
        _upgrade(connection, migrations)
    once.dispose()


def _upgrade(connection: Connection, migrations: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations))
    script = ScriptDirectory(str(migrations), version_locations=[str(migrations / "versions")])
    with EnvironmentContext(
        config,
        script,
        fn=lambda revision, _: script._upgrade_revs("head", revision),  # noqa: SLF001 - as its command
        destination_rev="head",
    ) as environment:
        environment.configure(connection=connection, transactional_ddl=True)
        with environment.begin_transaction():
            environment.run_migrations()
    connection.commit()


async def is_reachable(of: AsyncEngine) -> bool:
    """Whether the database answers within a second."""
    try:
        async with asyncio.timeout(1.0), of.connect() as connection:
            await connection.execute(text("SELECT 1"))
    except Exception:  # noqa: BLE001 - whatever it is, it does not answer
        return False
    return True


async def notify(connection: AsyncConnection, channel: str, word: str = "") -> None:
    """Wake who listens, when this transaction commits; a `word` may say what for."""
    short = word if len(word.encode()) < MOST_WORD_BYTES else ""
    await connection.execute(
        text("SELECT pg_notify(:channel, :word)"), {"channel": channel, "word": short}
    )


async def listen(url: str, channel: str) -> AsyncIterator[str]:
    """Yield at once, then the word of each wake-up; and every few seconds, for one can be lost.

    An empty word says nothing: look at everything.
    """
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    wait = 0.1
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(plain, autocommit=True) as connection:
                await connection.execute(f'LISTEN "{channel}"'.encode())
                wait = 0.1
                yield ""
                while True:
                    word = ""
                    async for told in connection.notifies(timeout=LOOK_ANYWAY_S, stop_after=1):
                        word = told.payload
                    yield word
        except psycopg.OperationalError:
            LOG.warning(
                "the database does not answer; listening again", channel=channel, wait_s=wait
            )
            await asyncio.sleep(wait)
            wait = min(wait * 2, MOST_WAIT_S)
