"""What was measured: as a table, and as a file for whoever compares."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rich.table import Column, Table


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure, and what it is held against; `ratio` is the figure over the yardstick."""

    name: str
    value: float
    unit: str
    yardstick: str = ""
    ratio: float | None = None


def against_target(name: str, value: float, unit: str, target: float) -> Measure:
    return Measure(name, value, unit, f"target {target:g} {unit}", value / target)


def table(measures: Sequence[Measure]) -> Table:
    widest = max((len(measure.name) for measure in measures), default=0)
    name = Column("measure", no_wrap=True, min_width=widest)
    shown = Table(name, "value", "unit", "yardstick", "ratio")
    for measure in measures:
        ratio = "" if measure.ratio is None else f"{measure.ratio:.2f}"
        shown.add_row(measure.name, f"{measure.value:.2f}", measure.unit, measure.yardstick, ratio)
    return shown


def save(measures: Sequence[Measure], path: Path, at: datetime) -> None:
    """Write measures; those of earlier runs that were not measured now stay, with their moment."""
    content: dict[str, object] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    run = {"commit": commit(), "at": at.isoformat()}
    content |= {
        measure.name: {
            "value": round(measure.value, 3),
            "unit": measure.unit,
            "yardstick": measure.yardstick,
            "ratio": None if measure.ratio is None else round(measure.ratio, 4),
            **run,
        }
        for measure in measures
    }
    content |= {"machine": machine(), **run}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n", "utf-8")


def machine() -> str:
    """Processors that this process may use, and their model where the system tells it."""
    model = platform.processor() or platform.machine()
    known = Path("/proc/cpuinfo")
    if known.exists():
        lines = [line for line in known.read_text("utf-8").splitlines() if "model name" in line]
        model = lines[0].partition(":")[2].strip() if lines else model
    return f"{len(os.sched_getaffinity(0))} x {model}, Python {platform.python_version()}"


def commit() -> str:
    """Of the tree measured; `unknown` outside one, and marked where files differ from it."""
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty"],  # noqa: S607 - wherever git is
        capture_output=True,
        text=True,
        check=False,
    )
    return told.stdout.strip() or "unknown"
