"""The `crossroads` command, as a person types it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from console import processes, state
from console.state import State


def crossroads(folder: Path | str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "console", "--state", str(folder), *words],
        cwd=state.PROJECT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_status_says_that_nothing_is_up(tmp_path: Path) -> None:
    answer = crossroads(tmp_path, "status")
    assert answer.returncode == 1
    assert "not up" in answer.stdout


def test_down_of_nothing_is_no_error(tmp_path: Path) -> None:
    answer = crossroads(tmp_path, "down")
    assert answer.returncode == 0
    assert "not up" in answer.stdout


def test_a_ticket_without_a_trace_is_an_error(tmp_path: Path) -> None:
    answer = crossroads(tmp_path, "trace", "NOBODYSTICKET00")
    assert answer.returncode == 1
    assert "No trace" in answer.stderr


def test_status_from_another_shell_names_every_process(mesh_up: dict[str, Any]) -> None:
    answer = crossroads(mesh_up["state"], "status")
    assert answer.returncode == 0, answer.stdout
    for name in ("postgres", *mesh_up["addresses"]):
        assert name in answer.stdout


def test_a_second_up_says_that_one_runs(mesh_up: dict[str, Any]) -> None:
    answer = crossroads(mesh_up["state"], "up")
    assert answer.returncode == 1
    assert "up already" in answer.stderr


def test_down_from_another_shell_stops_every_process(tmp_path: Path) -> None:
    place = State(tmp_path / "state")
    with (tmp_path / "up.log").open("wb") as log:
        up = subprocess.Popen(
            [sys.executable, "-m", "console", "--state", str(place.root), "up"],
            cwd=state.PROJECT,
            stdout=log,
            stderr=log,
        )
    while not place.endpoints.exists() and up.poll() is None:
        time.sleep(0.1)
    roster = processes.load(place.roster)
    assert roster is not None, (tmp_path / "up.log").read_text()

    answer = crossroads(place.root, "down")

    assert answer.returncode == 0
    up.wait(10)
    assert [name for name, process in roster.processes.items() if process.find()] == []
    assert not place.endpoints.exists()
