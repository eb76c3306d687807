"""The embedded PostgreSQL keeps what it promised, whoever kills it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from console import databases, state
from console.postgres import LONGEST_SOCKET, Postgres


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Postgres]:
    server = Postgres(tmp_path / "postgres", "secret", tmp_path / "log")
    yield server
    server.stop()


def test_a_killed_server_recovers_what_was_committed(server: Postgres) -> None:
    server.start()
    with databases.connect(server.admin) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    pid = server.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)

    server.start()

    with databases.connect(server.admin) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    assert server.pid() != pid


def test_a_pid_file_that_names_a_living_stranger_does_not_stand_in_the_way(
    server: Postgres,
) -> None:
    server.start()
    server.stop()
    (server.cluster / "postmaster.pid").write_text(f"{os.getpid()}\n")

    assert not server.is_running()
    server.start()

    assert server.is_running()
    assert server.pid() != os.getpid()


def test_a_path_too_long_for_a_socket_gets_a_short_one(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)
    server = Postgres(folder, "secret", tmp_path / "log")
    assert len(os.fsencode(server.socket / ".s.PGSQL.5432")) <= LONGEST_SOCKET
    server.start()
    try:
        assert server.answers()
    finally:
        server.stop()


def test_a_wrong_password_is_refused(server: Postgres) -> None:
    server.start()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        databases.connect(server.admin.set(password="guess"))


def test_a_service_enters_its_own_database_only(server: Postgres) -> None:
    server.start()
    databases.close_to_others(server.admin)
    urls = databases.ensure(server.admin, {"repertory": "one", "router": "two"})
    again = databases.ensure(server.admin, {"repertory": "one", "router": "two"})
    assert again == urls

    own = make_url(urls["repertory"])
    with databases.connect(own) as connection:
        connection.execute("CREATE TABLE inscriptions (ssin text)")
    for other in ("router", "postgres"):
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            databases.connect(own.set(database=other))


def test_the_log_never_quotes_a_row(server: Postgres, tmp_path: Path) -> None:
    server.start()
    with databases.connect(server.admin) as connection:
        connection.execute("CREATE TABLE persons (ssin text PRIMARY KEY)")
        connection.execute("INSERT INTO persons VALUES ('00000000097')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO persons VALUES ('00000000097')")
    log = (tmp_path / "log").read_text()
    assert "duplicate key" in log
    assert "00000000097" not in log


NAMESPACE = ("unshare", "--user", "--map-user=54321", "--map-group=54321")
STARTS = """
import sys
from pathlib import Path
from console.postgres import Postgres
folder = Path(sys.argv[1])
server = Postgres(folder / "postgres", "secret", folder / "log")
server.start()
print(server.answers())
server.stop()
"""


@pytest.mark.skipif(
    shutil.which("unshare") is None
    or subprocess.run([*NAMESPACE, "true"], check=False, capture_output=True).returncode != 0,
    reason="user namespaces are closed here",
)
def test_it_starts_for_a_user_whom_the_system_has_no_name_for(tmp_path: Path) -> None:
    started = subprocess.run(
        [*NAMESPACE, sys.executable, "-c", STARTS, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=state.PROJECT,
    )
    assert started.stdout == "True\n", started.stderr
