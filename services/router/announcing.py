"""Many mutations announced in one call, each with an outcome of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from crossroads.router.v1 import exchange_pb2

from mesh import refusals, telemetry
from mesh.door import refusal_of

Publish: TypeAlias = Callable[
    [exchange_pb2.PublishRequest], Awaitable[exchange_pb2.PublishResponse]
]


async def announce(
    announcements: Sequence[exchange_pb2.Announcement], publish: Publish
) -> list[exchange_pb2.PublishOutcome]:
    """In order: tasks begin as they were made, and what is taken in first is told first."""
    return await asyncio.gather(*(_one(announcement, publish) for announcement in announcements))


async def _one(
    announcement: exchange_pb2.Announcement, publish: Publish
) -> exchange_pb2.PublishOutcome:
    with telemetry.span("publish in a batch", parent=announcement.traceparent):
        try:
            return exchange_pb2.PublishOutcome(receipt=await publish(announcement.request))
        except Exception as error:  # noqa: BLE001 - the others of the batch go on
            refusal = refusal_of(error)
            telemetry.note(crossroads__refusal_reason=refusal.reason)
            return exchange_pb2.PublishOutcome(refusal=refusals.status_of(refusal))
