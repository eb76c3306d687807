"""`python -m oracle WORLD DECISIONS`: reads a world, writes who has which right on the days asked."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from oracle import scan, world


def main() -> None:
    told = argparse.ArgumentParser(prog="oracle", description=__doc__)
    told.add_argument("world", type=Path)
    told.add_argument("decisions", type=Path)
    told.add_argument("--unit", choices=("day", "month"), default="day")
    told.add_argument("--cents", action="store_true", help="money as whole cents, not as float32")
    asked = told.parse_args()
    decided = scan.decide(world.load(asked.world), asked.unit, cents=asked.cents)
    with asked.decisions.open("wb") as file:
        np.savez(file, **decided)


if __name__ == "__main__":
    main()
