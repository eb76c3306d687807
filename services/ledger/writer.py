"""The writer: what has queued goes into the tree in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from mesh import clock
from services.ledger import batch, commitment
from services.ledger.batch import Answer
from services.ledger.domain import Entry
from services.ledger.store import Store


class Writer:
    """Appends batches of requests. When it answers, what it answers is durable."""

    def __init__(self, store: Store, now: Callable[[], datetime] = clock.now) -> None:
        self._store = store
        self._now = now
        self._month = ""

    async def append(self, requests: Sequence[Sequence[Entry]]) -> tuple[Answer, ...]:
        """For each request its leaves, or the conflict for which none of it is written."""
        moment = self._now()
        month = f"{moment:%Y-%m}"
        async with self._store.transaction() as connection:
            frontier = await self._store.lock(connection)
            ids = [entry.entry_id for entries in requests for entry in entries]
            known = await self._store.known(connection, ids)
            planned = batch.plan(requests, known, frontier.size)
            if planned.entries:
                if month != self._month:
                    await self._store.open_month(connection, moment)
                salts = commitment.new_salts(len(planned.entries))
                await self._store.write(connection, batch.grow(planned, frontier, salts), moment)
        if planned.entries:
            self._month = month
        return planned.answers
