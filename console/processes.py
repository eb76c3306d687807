"""Processes by number and birth, so that nobody else's process is ever stopped."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Mapping
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
    living = tuple(processes)
    for send in (psutil.Process.terminate, psutil.Process.kill):
        for process in living:
            _send(process, send)
        deadline = time.monotonic() + patience_s
        while (living := _living(living)) and time.monotonic() < deadline:
            time.sleep(0.05)


def _living(processes: Iterable[Process]) -> tuple[Process, ...]:
    """A process that ended but that its parent has not looked after counts as ended."""
    return tuple(process for process in processes if process.find())


def _send(process: Process, send: Callable[[psutil.Process], None]) -> None:
    if (found := process.find()) is not None:
        with contextlib.suppress(psutil.NoSuchProcess):
            send(found)
