"""One process of the mesh, started again whenever it ends before it was told to."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import structlog

from console import processes
from console.processes import Process

LOG = structlog.get_logger()
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0
STEADY_S = 10.0
"""A process that lived this long did not fail to start."""
MOST_FAILED_STARTS = 5


class FailedStart(Exception):  # noqa: N818 - it states what happened
    """A process keeps ending before it serves; the text ends with the last lines of its log."""


class Child:
    """Keeps one command running. `prepare` runs before each start, `changed` after."""

    def __init__(
        self,
        name: str,
        command: Callable[[], Sequence[str]],
        *,
        environment: Mapping[str, str],
        log: Path,
        changed: Callable[[], None],
        stop_with: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.name = name
        self.served = False
        self.starts = 0
        self.process: Process | None = None
        self._command = command
        self._environment = environment
        self._log = log
        self._changed = changed
        self._stop_with = stop_with
        self._running: asyncio.subprocess.Process | None = None
        self._stopping = False

    async def run(self) -> None:
        """Start, wait, start again, until `stop`. Raises FailedStart when it never serves."""
        pause = FIRST_PAUSE_S
        while not self._stopping:
            began = time.monotonic()
            code = await self._run_once()
            if self._stopping:
                return
            if time.monotonic() - began > STEADY_S:
                pause = FIRST_PAUSE_S
            LOG.warning("process ended and is started again", process=self.name, code=code)
            if not self.served and self.starts >= MOST_FAILED_STARTS:
                raise FailedStart(f"{self.name} does not start:\n{self._last_lines()}")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)

    async def stop(self, patience_s: float = 15.0) -> None:
        """Tell the process to end and wait for it; kill it when it takes too long."""
        self._stopping = True
        running = self._running
        if running is None or running.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            running.send_signal(self._stop_with)
        try:
            await asyncio.wait_for(running.wait(), patience_s)
        except TimeoutError:
            LOG.warning("process does not end and is killed", process=self.name)
            running.kill()
            await running.wait()

    async def _run_once(self) -> int:
        command = self._command()
        with self._log.open("ab") as log:
            self._running = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(self._environment),
                start_new_session=True,
            )
        self.starts += 1
        self.process = processes.of(self._running.pid)
        self._changed()
        if self._stopping:  # told to while it was being started
            self._running.send_signal(self._stop_with)
        return await self._running.wait()

    def _last_lines(self, most: int = 20) -> str:
        return "\n".join(self._log.read_text("utf-8", "replace").splitlines()[-most:])
