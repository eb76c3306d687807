"""The writer: what has queued goes into the tree in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from mesh import clock
from services.ledger import batch, commitment
from services.ledger.batch import Answer, Plan
from services.ledger.domain import Addition, Entry
from services.ledger.store import Store
from services.ledger.tree import Frontier


class Writer:
    """Appends batches of requests. When it answers, what it answers is durable.

    It remembers the head it made, and tries to grow the tree from there in one statement. Where
    another process grew it meanwhile, or an entry is known already, nothing is written and the
    batch goes the long way: lock the head, look what is known, write.
    """

    def __init__(self, store: Store, now: Callable[[], datetime] = clock.now) -> None:
        self._store = store
        self._now = now
        self._month = ""
        self._head: Frontier | None = None

    async def append(self, requests: Sequence[Sequence[Entry]]) -> tuple[Answer, ...]:
        """For each request its leaves, or the conflict for which none of it is written."""
        moment = self._now()
        head, self._head = self._head, None
        if head is not None and f"{moment:%Y-%m}" == self._month:
            planned = batch.plan(requests, {}, head.size)
            addition = _grown(planned, head)
            if planned.entries and await self._store.extend(head, addition, moment):
                self._head = addition.frontier
                return planned.answers
        return await self._append_locked(requests, moment)

    async def _append_locked(
        self, requests: Sequence[Sequence[Entry]], moment: datetime
    ) -> tuple[Answer, ...]:
        month = f"{moment:%Y-%m}"
        async with self._store.transaction() as connection:
            head = await self._store.lock(connection)
            ids = [entry.entry_id for entries in requests for entry in entries]
            known = await self._store.known(connection, ids)
            planned = batch.plan(requests, known, head.size)
            if planned.entries:
                if month != self._month:
                    await self._store.open_month(connection, moment)
                addition = _grown(planned, head)
                await self._store.write(connection, head, addition, moment)
                head = addition.frontier
        if planned.entries:
            self._month = month
        self._head = head
        return planned.answers


def _grown(planned: Plan, head: Frontier) -> Addition:
    return batch.grow(planned, head, commitment.new_salts(len(planned.entries)))
