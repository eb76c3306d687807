"""OpenFisca in a process and an environment of its own: a world in, its decisions out, as files."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.oracle.decided import Decisions
from bench.oracle.persons import START
from services.rights.everybody import population as columns
from services.rights.everybody.population import Population
from services.rights.everybody.spans import number

PROJECT = Path(__file__).parents[2]
PYTHON = PROJECT / "build" / "oracle" / "bin" / "python"
"""Made by `make oracle`."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What it decided, and the seconds that it took without reading and writing."""

    decisions: Decisions
    seconds: float


def is_there() -> bool:
    return PYTHON.exists()


async def decide(
    population: Population,
    asked: NDArray[np.int64],
    folder: Path,
    *,
    cents: bool = False,
    unit: str = "day",
    apart: NDArray[np.int64] | None = None,
    since: date = START,
) -> Answer:
    """`apart` gives each person's component: each is then decided in a simulation of its own.

    Raises ChildProcessError where the process fails.
    """
    there, back = (folder / f"{name}-{cents}.npz" for name in ("world", "decisions"))
    parts = {} if apart is None else {"apart": apart}
    arrays: dict[str, Any] = columns.arrays(population) | parts
    np.savez(there, **arrays, start=number(since), asked=asked)
    words = [*(["--cents"] if cents else []), *([] if apart is None else ["--apart"])]
    process = await asyncio.create_subprocess_exec(
        *(str(PYTHON), "-m", "oracle", str(there), str(back), "--unit", unit, *words),
        cwd=PROJECT,
        env={"PYTHONPATH": str(PROJECT), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=asyncio.subprocess.PIPE,
    )
    told, _ = await process.communicate()
    if process.returncode:
        raise ChildProcessError(f"the oracle ended with {process.returncode}")
    with np.load(back) as file:
        return Answer({name: file[name] for name in file.files}, json.loads(told)["seconds"])
