"""How a process of the mesh begins: settings, telemetry, event loop."""

from __future__ import annotations

import gc
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import uvloop

from mesh import refusals, telemetry
from mesh.settings import Settings

GARBAGE = (20_000, 50, 100)
"""A call makes hundreds of short-lived objects: look for cycles among them rarely."""


def run(main: Callable[[Settings], Coroutine[Any, Any, None]], texts: Path | None = None) -> None:
    """Run a service to its end. `texts` are its own texts of refusals."""
    settings = Settings()
    telemetry.setup(settings)
    gc.freeze()
    gc.set_threshold(*GARBAGE)
    if texts is not None:
        refusals.load(texts)
    uvloop.run(main(settings))
