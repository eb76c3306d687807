"""What the NSSO holds of risks and careers, for the bank's questions and for who is concerned."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from crossroads.router.v1 import supplier_pb2
from google.protobuf import any_pb2
from sqlalchemy.ext.asyncio import AsyncConnection

from mesh.periods import Period
from services.declarations.dimona.store import Store as Periods
from services.declarations.risks import attestation, career, routing
from services.declarations.risks.career import Employment, Event
from services.declarations.risks.domain import Branch
from services.declarations.risks.peers import Quarters
from services.declarations.risks.store import Recorded, Store

CAREER = "work_career"
_BRANCHES = {sort: branch for branch, sort in routing.DATA_SORTS.items()}
DATA_SORTS = frozenset({CAREER, *_BRANCHES})


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

    async def answers(
        self, connection: AsyncConnection, questions: Sequence[supplier_pb2.Question]
    ) -> dict[tuple[str, str], list[tuple[Period, any_pb2.Any]]]:
        """By SSIN and sort of data, each attestation with the days that it is about."""
        of_risks = {q.ssin for q in questions if q.data_sort in _BRANCHES}
        of_careers = {q.ssin for q in questions if q.data_sort == CAREER}
        found: dict[tuple[str, str], list[tuple[Period, any_pb2.Any]]] = {}
        if of_risks:
            for recorded in await Store(connection).of_persons(of_risks):
                if recorded.risk.standing:
                    _add(found, recorded)
        if of_careers:
            for ssin, events in (await self.careers(connection, of_careers)).items():
                found[ssin, CAREER] = [
                    (event.days, attestation.packed(attestation.career([event])))
                    for event in events
                ]
        return found


def _add(
    found: dict[tuple[str, str], list[tuple[Period, any_pb2.Any]]], recorded: Recorded
) -> None:
    risk = recorded.risk
    sort = routing.DATA_SORTS[Branch(risk.branch)]
    packed = attestation.packed(attestation.write(risk, recorded.form))
    found.setdefault((risk.ssin, sort), []).append((risk.days, packed))


def _is_for(recorded: Recorded, employer: str) -> bool:
    """Whether a risk counts: all of them, or those that the employer itself declared."""
    risk = recorded.risk
    return not employer or (risk.employer == employer and not risk.on_paper)
