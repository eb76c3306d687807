"""What was received together is handled together; what cannot be judged by itself is set aside."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Protocol, TypeVar

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from mesh import clock
from services.declarations.domain import Employer
from services.declarations.set_aside import notification
from services.declarations.set_aside.domain import Aside, Line
from services.declarations.set_aside.failures import failure, is_passing
from services.declarations.set_aside.store import Store
from services.declarations.store import Store as Employers

LOG = structlog.get_logger()


class Received(Protocol):
    """A declaration that waits to be handled."""

    @property
    def ticket(self) -> str: ...
    @property
    def whose(self) -> str: ...
    @property
    def received_at(self) -> datetime: ...


Some = TypeVar("Some", bound=Received)


async def attempt(
    connection: AsyncConnection, work: Callable[[], Awaitable[None]]
) -> Exception | None:
    """What stood in the way, and then nothing of the work is left. Raises what passes."""
    try:
        async with connection.begin_nested():
            await work()
    except Exception as error:
        if is_passing(error):
            raise
        return error
    return None


class Isolation:
    """Handles the declarations of one line within one transaction, each attempt by savepoint."""

    def __init__(self, connection: AsyncConnection, line: Line) -> None:
        self._connection = connection
        self._line = line

    async def handle(
        self, batch: Sequence[Some], work: Callable[[Sequence[Some]], Awaitable[None]]
    ) -> None:
        """All at once; where that fails one by one, and what fails alone is set aside.

        A failure of the database or of a peer is raised: it passes, and nothing was at fault.
        """
        if await attempt(self._connection, partial(work, batch)) is None:
            return
        for one in batch:
            error = await attempt(self._connection, partial(work, [one]))
            if error is not None:
                await self._set_aside(one, error)

    async def _set_aside(self, one: Received, error: Exception) -> None:
        at = clock.now()
        aside = Aside(self._line, one.whose, one.ticket, one.received_at, at, failure(error))
        LOG.error("a declaration is set aside", ticket=aside.ticket, failure=aside.failure)
        number = aside.whose.removeprefix("employer/")
        known = await Employers(self._connection).employers([number])
        told = notification.provisional(aside, known.get(number, Employer("")))
        await Store(self._connection).put(aside, told.SerializeToString())
