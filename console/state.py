"""The state folder: where a mesh on this machine keeps everything it owns."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class State:
    """Paths inside one state folder, `.crossroads` of the project unless told otherwise."""

    root: Path
    hub: str = ""
    """The secondary network whose ledger an auditor reads; empty: that of the primary hub."""

    @property
    def pki(self) -> Path:
        return self.root / "pki"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def traces(self) -> Path:
        return self.root / "traces"

    @property
    def postgres(self) -> Path:
        return self.root / "postgres"

    @property
    def passwords(self) -> Path:
        return self.root / "secrets.json"

    @property
    def lots(self) -> Path:
        return self.root / "lots"

    @property
    def endpoints(self) -> Path:
        return self.root / "endpoints.json"

    @property
    def ports(self) -> Path:
        return self.root / "ports.json"

    @property
    def roster(self) -> Path:
        return self.root / "processes.json"

    def log(self, name: str) -> Path:
        self.logs.mkdir(parents=True, exist_ok=True)
        return self.logs / f"{name}.log"

    def lock(self) -> TextIO | None:
        """Hold the folder for one supervisor; None while another one holds it.

        The kernel lets go when the holder ends, however it ends.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        file = (self.root / "lock").open("a")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return None
        return file

    def password(self, role: str) -> str:
        """The password of a database role, made at first use and kept for the owner's eyes only."""
        known: dict[str, str] = read(self.passwords) if self.passwords.exists() else {}
        if role not in known:
            known[role] = secrets.token_urlsafe(24)
            write(self.passwords, known)
        return known[role]


def default() -> State:
    return State(PROJECT / ".crossroads")


def read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def write(path: Path, content: Any) -> None:
    """Replace a JSON file in one step, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    replace(path, json.dumps(content, indent=2).encode() + b"\n")


def replace(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Replace a file in one step, durably: a reader sees the old content or the new."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
