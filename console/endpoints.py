"""Where a running mesh is found, and who can be in it: `endpoints.json`."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from console import state

LOOPBACK = "127.0.0.1"
LOWEST_PORT, HIGHEST_PORT = 20_000, 32_000
"""Below what systems give to outgoing connections: a port stays free while its server restarts."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Address of each server, the authority, and certificate and key of each identity."""

    addresses: Mapping[str, str]
    ca: str
    identities: Mapping[str, Mapping[str, str]]
    pid: int
    database: str

    def save(self, path: Path) -> None:
        state.write(path, asdict(self))


def load(path: Path) -> Endpoints:
    """Raises FileNotFoundError where no mesh serves."""
    content: dict[str, Any] = state.read(path)
    return Endpoints(**content)


def identities(folders: Mapping[str, Path]) -> dict[str, dict[str, str]]:
    return {
        path: {"certificate": str(folder / "cert.pem"), "key": str(folder / "key.pem")}
        for path, folder in folders.items()
    }


def choose(names: Iterable[str], file: Path) -> dict[str, str]:
    """A free loopback address by name; the one of the last run where it is still free."""
    earlier: dict[str, int] = state.read(file) if file.exists() else {}
    chosen: dict[str, int] = {}
    for name in names:
        port = earlier.get(name)
        while port is None or port in chosen.values() or not _is_free(port):
            port = random.randint(LOWEST_PORT, HIGHEST_PORT)  # noqa: S311 - no secret
        chosen[name] = port
    state.write(file, chosen)
    return {name: f"{LOOPBACK}:{port}" for name, port in chosen.items()}


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
