"""What the tests of mishaps share: the stage of the story, and a hand on the processes."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sandbox.story.stage import Stage


@dataclass(frozen=True, slots=True)
class Processes:
    """The live processes of the mesh by name."""

    roster: Path

    def pid(self, name: str) -> int:
        known = json.loads(self.roster.read_text("utf-8"))["processes"]
        return int(known[name]["pid"])

    def kill(self, name: str) -> None:
        os.kill(self.pid(name), signal.SIGKILL)

    def freeze(self, name: str) -> None:
        os.kill(self.pid(name), signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        os.kill(self.pid(name), signal.SIGCONT)


@pytest.fixture
def processes(mesh_up: dict[str, Any]) -> Processes:
    return Processes(Path(mesh_up["state"]) / "processes.json")


@pytest.fixture
async def stage(mesh_up: dict[str, Any]) -> AsyncIterator[Stage]:
    stage = Stage(Path(mesh_up["state"]) / "endpoints.json", patience_s=60.0)
    yield stage
    await stage.close()
