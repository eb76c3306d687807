"""Outcomes: how consultations ended. They follow the answers, and what waits is bounded."""

from __future__ import annotations

import asyncio

import structlog
from crossroads.ledger.v1 import ledger_pb2

from mesh.refusals import Refusal
from services.router.peers import Ledger

LOG = structlog.get_logger()
MOST = 5_000
EVERY_S = 0.5


class Outcomes:
    """They ride with the decisions that follow; where none follows, they leave by themselves."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._under_way: set[asyncio.Future[int]] = set()

    def write(self, entry: ledger_pb2.Entry) -> None:
        if len(self._under_way) >= MOST:
            LOG.error("an outcome is not written: too many wait", ticket=entry.ticket)
            return
        try:
            written = self._ledger.append.ride(entry)
        except Refusal as refusal:
            LOG.error("an outcome is not written", ticket=entry.ticket, reason=refusal.reason)
            return
        self._under_way.add(written)
        written.add_done_callback(self._ended)

    async def run(self) -> None:
        """For ever: nothing waits longer than half a second."""
        while True:
            await asyncio.sleep(EVERY_S)
            self._ledger.append.flush()

    async def drain(self) -> None:
        """Wait until every outcome is written."""
        self._ledger.append.flush()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    def _ended(self, written: asyncio.Future[int]) -> None:
        self._under_way.discard(written)
        if not written.cancelled() and isinstance(failure := written.exception(), Refusal):
            LOG.error("an outcome is not written", reason=failure.reason)
