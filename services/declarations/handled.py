"""The bell that rings when declarations have been handled."""

from __future__ import annotations

import asyncio

from mesh import database
from services.declarations.store import HANDLED


class Handled:
    """Lets calls wait for a notification, whichever process handled the declaration."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._bell = asyncio.Event()

    @property
    def bell(self) -> asyncio.Event:
        """Rings once, at the next wake-up; take it before looking, so that no ring is missed."""
        return self._bell

    async def run(self) -> None:
        async for _ in database.listen(self._url, HANDLED):
            self.ring()

    def ring(self) -> None:
        bell, self._bell = self._bell, asyncio.Event()
        bell.set()


async def rings(bell: asyncio.Event, within_s: float) -> None:
    """Wait for a bell, but not longer than that."""
    try:
        async with asyncio.timeout(within_s):
            await bell.wait()
    except TimeoutError:
        return
