"""Work on what is received, which outlives every failure."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from mesh import database

LOG = structlog.get_logger()
FIRST_WAIT_S, MOST_WAIT_S = 0.05, 5.0


async def follow(url: str, channel: str, work: Callable[[], Awaitable[bool]]) -> None:
    """At each wake-up, `work` until it says that nothing is left; begun again where it failed."""
    async for _ in database.listen(url, channel):
        wait_s = FIRST_WAIT_S
        while True:
            try:
                if not await work():
                    break
                wait_s = FIRST_WAIT_S
            except Exception as error:  # noqa: BLE001 - what is received outlives every failure
                LOG.warning(
                    "handling failed; again soon",
                    channel=channel,
                    error=type(error).__name__,
                    wait_s=wait_s,
                )
                await asyncio.sleep(wait_s)
                wait_s = min(wait_s * 2, MOST_WAIT_S)
