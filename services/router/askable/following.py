"""Following the duty to ask: what was told is kept, and the ledger says whether it was asked."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from crossroads.router.v1 import exchange_pb2
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from mesh import clock, institutions
from mesh.institutions import Institution
from services.router.askable import listing, wire
from services.router.askable.domain import Askable, Asked
from services.router.askable.store import AskableStore
from services.router.peers import Ledger, Repertory

LOG = structlog.get_logger()
WITHIN_DAYS = 30
PAGE = 100
AT_ONCE = 8
"""Questions to the ledger under way for one page."""
SWEEP_EVERY_S = 3600.0


class Askables:
    """What institutions were told that they may ask.

    Every consultation is in the ledger, so nothing is written here when one is made: asking
    costs no more for it, and what the ledger holds is what counts. It stands there under the
    number by which it was asked: every number of the person is looked for.
    """

    def __init__(self, store: AskableStore, repertory: Repertory, ledger: Ledger) -> None:
        self._store = store
        self._repertory = repertory
        self._ledger = ledger

    async def keep(self, askables: Sequence[Askable]) -> None:
        await self._store.keep(askables)

    async def unasked(
        self, request: exchange_pb2.ListUnaskedRequest, at: datetime
    ) -> exchange_pb2.ListUnaskedResponse:
        """A page of what was not asked in time. Raises INVALID_ARGUMENT or UNAVAILABLE."""
        within = timedelta(days=request.within_days or WITHIN_DAYS)
        most, over = request.page_size or PAGE, at - within
        until = wire.moment("listed_until", request.listed_until)
        told = await self._store.listed(
            institutions.from_wire(request.institution)
            if request.HasField("institution")
            else None,
            wire.moment("listed_from", request.listed_from),
            min(until, over) if until else over,
            wire.place(request.page_token),
            most + 1,
        )
        page = told[:most]
        asked = await self._asked(page, within)
        return exchange_pb2.ListUnaskedResponse(
            unasked=[
                wire.unasked(one)
                for one in page
                if not listing.is_asked(one, asked[one.ssin, one.institution], within)
            ],
            next_page_token=wire.token(page[-1]) if len(told) > most else "",
        )

    async def sweep(self) -> None:
        """Delete what is no longer kept, for ever."""
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            try:
                if swept := await self._store.sweep(clock.now()):
                    LOG.info("askables deleted", count=swept)
            except (DBAPIError, PoolTimeout) as error:
                LOG.warning("askables are not deleted; again later", error=type(error).__name__)

    async def _asked(
        self, told: Sequence[Askable], within: timedelta
    ) -> dict[tuple[str, Institution], list[Asked]]:
        """What each institution asked on each person in the time that counts."""
        moments: dict[tuple[str, Institution], list[datetime]] = defaultdict(list)
        for one in told:
            moments[one.ssin, one.institution].append(one.listed_at)
        if not moments:
            return {}
        numbers = await self._repertory.numbers(sorted({one.ssin for one in told}))
        room = asyncio.Semaphore(AT_ONCE)

        async def ask(ssin: str, institution: Institution) -> list[Asked]:
            listed, asked = moments[ssin, institution], list[Asked]()
            for number in numbers[ssin]:
                async with room:
                    asked += await self._ledger.asked(
                        number, institution, min(listed), max(listed) + within
                    )
            return asked

        found = await asyncio.gather(*(ask(*who) for who in moments))
        return dict(zip(moments, found, strict=True))
