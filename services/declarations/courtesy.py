"""Who waits for a receipt goes before what is handled afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

PAUSE_S = 0.002
"""Left to those who wait, between two declarations handled: handling slows, and never stops."""


class Courtesy:
    """Counts the declarations that are being taken in by this process."""

    def __init__(self) -> None:
        self._waiting = 0

    @contextmanager
    def receiving(self) -> Iterator[None]:
        """Someone waits for a receipt."""
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1

    async def give_way(self) -> None:
        """Let others have their turn, and a longer one while someone waits."""
        await asyncio.sleep(PAUSE_S if self._waiting else 0)
