"""Processes by number and birth, so that nobody else's process is ever stopped."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from console import state


@dataclass(frozen=True, slots=True)
class Process:
    """A process number and the moment it began: the two together are used once."""

    pid: int
    started: float

    def find(self) -> psutil.Process | None:
        """The living process, or None when it ended, even if its number is in use again."""
        try:
            found = psutil.Process(self.pid)
            is_same = abs(found.create_time() - self.started) < 0.05
            return found if is_same and found.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


def of(pid: int) -> Process | None:
    """Note a process down; None when it has already ended."""
    try:
        return Process(pid, psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return None


@dataclass(frozen=True, slots=True)
class Roster:
    """Who is running: the supervisor, and its processes by name."""

    supervisor: Process
    processes: Mapping[str, Process]

    def save(self, path: Path) -> None:
        state.write(path, asdict(self))


def load(path: Path) -> Roster | None:
    if not path.exists():
        return None
    content = state.read(path)
    children = {name: Process(**process) for name, process in content["processes"].items()}
    return Roster(Process(**content["supervisor"]), children)


def stop(processes: Iterable[Process], patience_s: float = 10.0) -> None:
    """End those that still live: politely, then without asking."""
    living = [found for process in processes if (found := process.find()) is not None]
    for process in living:
        _send(process.terminate)
    deadline = time.monotonic() + patience_s
    _, stubborn = psutil.wait_procs(living, max(0.0, deadline - time.monotonic()))
    for process in stubborn:
        _send(process.kill)
    psutil.wait_procs(stubborn, patience_s)


def _send(signal: object) -> None:
    assert callable(signal)
    try:
        signal()
    except psutil.NoSuchProcess:
        return
