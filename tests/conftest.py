"""What tests share: a real PostgreSQL, an authority, and a whole mesh of real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import structlog
from psycopg import sql

from console import databases, state
from console.authority import Authority
from console.postgres import Postgres

PATIENCE_S = 150
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.processors.format_exc_info,
        structlog.processors.KeyValueRenderer(key_order=["event"]),
    ]
)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """An embedded server for the whole run; what it holds is thrown away."""
    folder = tmp_path_factory.mktemp("postgres")
    settings = {"fsync": "off", "shared_buffers": "64MB"}
    server = Postgres(folder / "postgres", "for-tests-only", folder / "postgres.log", settings)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def database(postgres: Postgres) -> Iterator[str]:
    """The URL of a fresh database."""
    with database_of(postgres) as url:
        yield url


@pytest.fixture
def second(postgres: Postgres) -> Iterator[str]:
    """Of another one, to compare with."""
    with database_of(postgres) as url:
        yield url


@contextmanager
def database_of(postgres: Postgres) -> Iterator[str]:
    name = f"test_{uuid4().hex}"
    with databases.connect(postgres.admin) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    yield postgres.admin.set(database=name).render_as_string(hide_password=False)
    with databases.connect(postgres.admin) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority of the tests' own; `authority.issue(path, names=...)` gives a tls folder."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def mesh_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The whole mesh, started as a person starts it; gives what `endpoints.json` holds.

    Beside that, `state` is the state folder, whose `processes.json` has the live processes.
    """
    with mesh_of(tmp_path_factory.mktemp("mesh")) as served:
        yield served


@contextmanager
def mesh_of(folder: Path, *options: str) -> Iterator[dict[str, Any]]:
    """A mesh with its state in a folder; `options` are those of `crossroads up`."""
    place = state.State(folder / "state")
    command = [sys.executable, "-m", "console", "--state", str(place.root), "up", *options]
    with (folder / "up.log").open("wb") as log:
        up = subprocess.Popen(
            command,
            cwd=state.PROJECT,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=_environment(),
        )
    try:
        _wait_for(place.endpoints, up, folder / "up.log")
        yield {**state.read(place.endpoints), "state": str(place.root)}
    finally:
        up.send_signal(signal.SIGTERM)
        up.wait(PATIENCE_S)


def _wait_for(endpoints: Path, up: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not endpoints.exists():
        if up.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"the mesh did not start:\n{log.read_text('utf-8')}", pytrace=False)
        time.sleep(0.1)


def _environment() -> dict[str, str]:
    """No setting of the person who runs the tests reaches the mesh under test."""
    return {k: v for k, v in os.environ.items() if not k.startswith("CROSSROADS_")}
