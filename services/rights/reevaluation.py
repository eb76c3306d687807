"""Re-evaluation: everybody again, in pages, telling only what differs."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime

import structlog

from mesh import clock
from services.rights import law
from services.rights.decisions import Change
from services.rights.domain import Statement
from services.rights.engine import Decided, Engine
from services.rights.in_force import Follower
from services.rights.rulebook import Rulebook
from services.rights.run_store import LAW, OPERATOR, Counts, Run, RunStore
from services.rights.store import Store

LOG = structlog.get_logger()
PAGE = 250
REGION = "domicile"
"""The sort of data that says in which region a person lives."""


class Reevaluation(Follower):
    """Runs can be stopped between two pages and go on from there; a dry run leaves nothing."""

    def __init__(
        self,
        rulebook: Rulebook,
        store: Store,
        runs: RunStore,
        engine: Engine,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._rulebook = rulebook
        self._store = store
        self._runs = runs
        self._engine = engine
        self._now = now

    async def asked(self, rights: Collection[str]) -> AsyncIterator[Run]:
        """Go on with the run that an operator asked for; how far it is after each page."""
        run = await self._runs.open(rights, OPERATOR, self._now())
        yield run
        async for further in self._pages(run):
            yield further

    async def dry(self, rights: Collection[str]) -> AsyncIterator[Run]:
        """What a run would do: nothing is kept, nobody is told."""
        run = Run(0, tuple(sorted(rights)), OPERATOR, "", 0, Counter())
        while page := await self._store.persons(run.reached, PAGE):
            run = _moved(run, page, await self._engine.decide_anew(page, run.rights, dry=True))
            yield run

    async def apply_law(self) -> None:
        """Where the law is not the one applied last, or more of it is known, all of it anew."""
        today = self._now().astimezone(clock.BRUSSELS).date()
        digest, applied = law.digest(self._rulebook), await self._runs.applied()
        if applied is None or applied[0] != digest:
            rights = frozenset(self._rulebook.rules)
        else:
            rights = law.becoming_known(self._rulebook, applied[1], today)
        if applied != (digest, today):
            await self._runs.apply(self._rulebook, today, rights, self._now())
        for begun in await self._runs.under_way(LAW):
            LOG.info("everybody is looked at again: the law changed", rights=begun.rights)
            run = begun
            async for further in self._pages(begun):
                run = further
            LOG.info(
                "everybody was looked at again", persons=run.persons, decisions=run.counts.total()
            )

    async def _pages(self, run: Run) -> AsyncIterator[Run]:
        while page := await self._page(run):
            rights = [right for right in run.rights if right in self._rulebook.rules]
            moved = _moved(run, page, await self._engine.decide_anew(page, rights))
            run = await self._runs.keep(moved, None)
            yield run
        await self._runs.keep(run, self._now())
        yield run

    async def _page(self, run: Run) -> Sequence[str]:
        if run.left is None:
            return await self._store.persons(run.reached, PAGE)
        first = bisect_right(run.left, run.reached)
        return run.left[first : first + PAGE]


def counted(changes: Iterable[Change], decided: Decided) -> Counts:
    """How many decisions by right, region of the person, and kind."""
    today = decided.at.astimezone(clock.BRUSSELS).date()
    return Counter(
        (
            c.decision.right,
            region(decided.world.facts.get(c.decision.ssin, ()), today),
            c.decision.kind.value,
        )
        for c in changes
    )


def region(said: Iterable[Statement], today: date) -> str:
    """Where a person lives on a day, such as `LIVES_IN_FLANDERS`; empty where it is not known."""
    return next((s.status for s in said if s.data_sort == REGION and today in s.period), "")


def _moved(run: Run, page: Collection[str], decided: Decided) -> Run:
    return replace(
        run,
        reached=max(page),
        persons=run.persons + len(page),
        counts=run.counts + counted(decided.changes, decided),
    )
