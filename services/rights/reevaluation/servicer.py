"""The rpcs of operators: everybody again, and the rules read again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import grpc
from crossroads.rights.v1 import upkeep_pb2, upkeep_pb2_grpc

from mesh.refusals import Refusal
from services.rights import asked
from services.rights.law import edition
from services.rights.law.in_force import InForce
from services.rights.law.rulefile import RuleFileError
from services.rights.reevaluation.pages import Reevaluation
from services.rights.reevaluation.store import Run
from services.rights.store import Store
from services.rights.worker import Sweeper

Context = Any


class UpkeepServicer(upkeep_pb2_grpc.UpkeepServicer):
    """Serves the upkeep of what was decided."""

    def __init__(
        self, in_force: InForce, store: Store, reevaluation: Reevaluation, sweeper: Sweeper
    ) -> None:
        self._in_force = in_force
        self._store = store
        self._reevaluation = reevaluation
        self._sweeper = sweeper

    async def Reevaluate(
        self, request: upkeep_pb2.ReevaluateRequest, context: Context
    ) -> AsyncIterator[upkeep_pb2.ReevaluateResponse]:
        rules = self._in_force.rulebook.rules
        rights = [asked.rule(rules, request.right).id] if request.right else sorted(rules)
        of_persons = await self._store.count_persons()
        going = self._reevaluation.dry if request.dry_run else self._reevaluation.asked
        run = None
        async for run in going(rights):
            yield _progress(run, of_persons)
        if run is not None:
            yield _progress(run, of_persons, ended=True)

    async def Reload(
        self, request: upkeep_pb2.ReloadRequest, context: Context
    ) -> upkeep_pb2.ReloadResponse:
        before = edition.digest(self._in_force.rulebook)
        try:
            loaded = self._in_force.reload()
        except RuleFileError as error:
            raise Refusal(
                grpc.StatusCode.FAILED_PRECONDITION,
                "RULES_IN_ERROR",
                metadata={"where": str(error)},
            ) from error
        self._sweeper.wake()
        return upkeep_pb2.ReloadResponse(
            versions=[f"{r.id} {v.name}" for r in loaded.rules.values() for v in r.versions],
            changed=edition.digest(loaded) != before,
        )


def _progress(run: Run, of_persons: int, *, ended: bool = False) -> upkeep_pb2.ReevaluateResponse:
    return upkeep_pb2.ReevaluateResponse(
        persons=run.persons,
        of_persons=max(of_persons, run.persons),
        counts=[
            upkeep_pb2.DecisionCount(right=right, region=region, kind=kind, number=number)
            for (right, region, kind), number in sorted(run.counts.items())
        ],
        ended=ended,
    )
