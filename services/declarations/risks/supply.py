"""Careers as the NSSO can tell them, for the bank's questions and for who is concerned."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.declarations.dimona.store import Store as Periods
from services.declarations.risks import career
from services.declarations.risks.career import Employment, Event
from services.declarations.risks.peers import Quarters
from services.declarations.risks.store import Recorded, Store

CAREER = "work_career"
"""The sort of data by which institutions consult a career."""


class Supply:
    """Gathers what was declared of persons; who may have it is decided elsewhere."""

    def __init__(self, quarters: Quarters) -> None:
        self._quarters = quarters

    async def careers(
        self,
        connection: AsyncConnection,
        ssins: Collection[str],
        employer: str = "",
        known_at: datetime | None = None,
    ) -> dict[str, tuple[Event, ...]]:
        """The career of each; of an employer, only what its own declarations make of it."""
        employments: dict[str, list[Employment]] = {}
        for period in await Periods(connection).of_persons(ssins, known_at):
            if not period.cancelled and employer in {"", period.employer}:
                one = Employment(period.id, period.employer, period.days)
                employments.setdefault(period.ssin, []).append(one)
        declared = await self._quarters.of_persons(connection, ssins, known_at)
        risks = await Store(connection).of_persons(ssins, known_at)
        return {
            ssin: career.line(
                employments.get(ssin, ()),
                [(e, q) for e, q in declared.get(ssin, ()) if employer in {"", e}],
                [r.risk for r in risks if r.risk.ssin == ssin and _is_for(r, employer)],
            )
            for ssin in ssins
        }


def _is_for(recorded: Recorded, employer: str) -> bool:
    """Whether a risk counts: all of them, or those that the employer itself declared."""
    risk = recorded.risk
    return not employer or (risk.employer == employer and not risk.on_paper)
