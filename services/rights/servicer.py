"""The rpcs of the rights engine: read, ask, answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import grpc
from crossroads.rights.v1 import rights_pb2, rights_pb2_grpc, simulation_pb2

from mesh import call, clock
from mesh.periods import ALWAYS
from mesh.refusals import Refusal
from services.rights import (
    asked,
    explanation,
    explanation_wire,
    inquiries,
    recollection,
    waiver_store,
    waivers,
    wire,
    withdrawal,
)
from services.rights.archive import Archive
from services.rights.domain import Decision
from services.rights.explanation import Explanation
from services.rights.in_force import Follower
from services.rights.inquiries import Inquiries
from services.rights.rulebook import Rulebook
from services.rights.simulations import Simulations
from services.rights.sources import Case
from services.rights.store import Store

PAGE = 100
Context = Any


class Rights(Follower, rights_pb2_grpc.RightsServicer):
    """Serves decisions and their reasons. Who may call at all is the access table's matter."""

    def __init__(
        self,
        rulebook: Rulebook,
        store: Store,
        archive: Archive,
        asking: Inquiries,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._rulebook = rulebook
        self._store = store
        self._archive = archive
        self._asking = asking
        self._now = now
        self._simulations = Simulations(rulebook, store, now)

    def use(self, rulebook: Rulebook) -> None:
        super().use(rulebook)
        self._simulations.use(rulebook)

    async def ListDecisions(
        self, request: rights_pb2.ListDecisionsRequest, context: Context
    ) -> rights_pb2.ListDecisionsResponse:
        if request.right:
            asked.rule(self._rulebook.rules, request.right)
        ssin, about = inquiries.subject(request.ssin), ALWAYS
        page, fields = rights_pb2.ListDecisionsResponse(), frozenset[str]()
        if inquiries.is_institution():
            about = asked.period(request.period, "period")
            answer = await self._asking.right(ssin, request.right, request.asker, about)
            page.decision.CopyFrom(answer.decision)
            if not inquiries.authorised(answer):
                return page
            fields = frozenset(answer.decision.data_sorts[0].fields)
        known_at = asked.moment(request.known_at, self._now())
        most, before = request.page_size or PAGE, asked.before(request.page_token)
        found = await self._store.list_decisions(
            ssin, request.right, about, known_at, before, most + 1
        )
        async with self._store.transaction() as connection:
            waived = await waiver_store.known(connection, [ssin], known_at)
        page.decisions.extend(
            wire.decision(d, waivers.days(waived, d.right), fields) for _, d in found[:most]
        )
        page.next_page_token = str(found[most - 1][0]) if len(found) > most else ""
        return page

    async def Explain(
        self, request: rights_pb2.ExplainRequest, context: Context
    ) -> rights_pb2.ExplainResponse:
        decision = await self._store.decision(request.decision_id)
        if decision is None or not _may_see(decision):
            raise Refusal(grpc.StatusCode.NOT_FOUND, "UNKNOWN_DECISION")
        law = await self._archive.law_of(decision.right, decision.version, self._rulebook)
        rule = asked.rule(law.rules, decision.right)
        if withdrawn_on := withdrawal.day(decision.version):
            return explanation_wire.withdrawn(rule, decision, withdrawn_on)
        question, at = (decision.right, decision.ssin), decision.decided_at
        async with self._store.reading() as connection:
            case = await recollection.case(self._store, connection, law, question, at)
        return explanation_wire.explained(rule, decision, _explanation(case, decision))

    async def Simulate(
        self, request: simulation_pb2.SimulateRequest, context: Context
    ) -> simulation_pb2.SimulateResponse:
        return self._simulations.household(request)

    async def SimulatePopulation(
        self, request: simulation_pb2.SimulatePopulationRequest, context: Context
    ) -> simulation_pb2.SimulatePopulationResponse:
        return await self._simulations.population(request)


def _explanation(case: Case, decision: Decision) -> Explanation:
    """In full for an auditor only."""
    about = {"rule": decision.right, "version": decision.version}
    try:
        whole = call.caller().principal.kind == "auditor"
        return explanation.explain(case, decision, whole=whole)
    except explanation.RuleChanged as error:
        raise Refusal(
            grpc.StatusCode.FAILED_PRECONDITION, "RULE_CHANGED", metadata=about
        ) from error
    except explanation.Differs as error:
        raise Refusal(
            grpc.StatusCode.FAILED_PRECONDITION,
            "EXPLANATION_DIFFERS",
            metadata=about | {"what": ", ".join(error.what)},
        ) from error


def _may_see(decision: Decision) -> bool:
    """A citizen sees her own; another's is to her as one that is not there."""
    principal = call.caller().principal
    return principal.kind != "citizen" or principal.ssin == decision.ssin
