"""The folders in which employers lay lots of files, and find the answers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from console import state
from gateway.lots import senders
from gateway.lots.tray import Tray


def prepare(root: Path, bearers: Mapping[str, str]) -> None:
    """A folder for each sender, and the register of who bears which number."""
    root.mkdir(parents=True, exist_ok=True)
    for number in bearers:
        Tray(root / number)
    state.write(root / senders.REGISTER, dict(bearers))
