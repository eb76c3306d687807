"""How a process of the mesh begins: settings, telemetry, event loop."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import uvloop

from mesh import refusals, telemetry
from mesh.settings import Settings


def run(main: Callable[[Settings], Coroutine[Any, Any, None]], texts: Path | None = None) -> None:
    """Run a service to its end. `texts` are its own texts of refusals."""
    settings = Settings()
    telemetry.setup(settings)
    if texts is not None:
        refusals.load(texts)
    uvloop.run(main(settings))
