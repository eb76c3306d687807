"""Outcomes: how consultations ended. They follow the answers, and what waits is bounded."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog
from crossroads.ledger.v1 import ledger_pb2

from mesh.refusals import Refusal
from services.router.peers import Ledger

LOG = structlog.get_logger()
MOST = 10_000
EVERY_S = 0.5


class Outcomes:
    """They ride with the decisions that follow; where none follows, they leave by themselves."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._under_way: dict[asyncio.Future[None], int] = {}

    def write(self, together: Sequence[ledger_pb2.Entry]) -> None:
        """Those of consultations that ended together."""
        if not together:
            return
        if sum(self._under_way.values()) + len(together) > MOST:
            self._lost(together[0], len(together), "too many wait")
            return
        try:
            written = self._ledger.append.ride(together)
        except Refusal as refusal:
            self._lost(together[0], len(together), refusal.reason)
            return
        self._under_way[written] = len(together)
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

    def _ended(self, written: asyncio.Future[None]) -> None:
        count = self._under_way.pop(written)
        if not written.cancelled() and isinstance(failure := written.exception(), Refusal):
            LOG.error("outcomes are not written", count=count, reason=failure.reason)

    @staticmethod
    def _lost(first: ledger_pb2.Entry, count: int, reason: str) -> None:
        LOG.error("outcomes are not written", ticket=first.ticket, count=count, reason=reason)
