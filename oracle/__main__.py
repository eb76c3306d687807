"""`python -m oracle WORLD DECISIONS`: reads a world, writes who has which right on the days asked.

Prints the seconds that deciding took, without reading and writing. With `--apart` every component
of the world is decided by itself, in a simulation made for it.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from oracle import components, scan, system, world


def main() -> None:
    told = argparse.ArgumentParser(prog="oracle", description=__doc__)
    told.add_argument("world", type=Path)
    told.add_argument("decisions", type=Path)
    told.add_argument("--unit", choices=("day", "month"), default="day")
    told.add_argument("--cents", action="store_true", help="money as whole cents, not as float32")
    told.add_argument("--apart", action="store_true", help="one simulation for each component")
    asked = told.parse_args()
    whole = world.load(asked.world)
    law = system.build(asked.unit, cents=asked.cents)
    parts = components.load(asked.world, whole) if asked.apart else [whole]
    began = time.perf_counter()
    decided = [scan.decide(part, law, asked.unit, cents=asked.cents) for part in parts]
    seconds = time.perf_counter() - began
    rights: dict[str, Any] = {
        right: np.hstack([part[right] for part in decided]) for right in system.RIGHTS
    }
    with asked.decisions.open("wb") as file:
        np.savez(file, **rights)
    print(json.dumps({"seconds": seconds}))  # noqa: T201 - what the process answers


if __name__ == "__main__":
    main()
