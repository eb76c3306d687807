"""A secondary hub as one supplier of the primary hub: it asks the members that hold the data."""

from __future__ import annotations

import asyncio
from typing import Any

from crossroads.router.v1 import exchange_pb2, supplier_pb2, supplier_pb2_grpc

from mesh import call, clock, institutions, periods
from mesh.identity import Caller
from mesh.institutions import Institution
from services.router import entries, network, refusals, wire
from services.router.peers import Ledger, Repertory, Suppliers
from services.router.policy_follower import PolicyFollower

UNAVAILABLE = supplier_pb2.Answer(status=exchange_pb2.ANSWER_STATUS_UNAVAILABLE)


class SupplierServicer(supplier_pb2_grpc.SupplierServicer):
    """Answers for the whole network. Which members were asked is durable before data leave."""

    def __init__(
        self,
        stands_for: Institution,
        follower: PolicyFollower,
        repertory: Repertory,
        ledger: Ledger,
        suppliers: Suppliers,
    ) -> None:
        self._network = stands_for
        self._follower = follower
        self._repertory = repertory
        self._ledger = ledger
        self._suppliers = suppliers

    async def Supply(
        self, request: supplier_pb2.SupplyRequest, context: Any
    ) -> supplier_pb2.SupplyResponse:
        caller = call.caller()
        for index, question in enumerate(request.questions):
            refusals.check_ssin(question.ssin, f"questions[{index}].ssin")
        return supplier_pb2.SupplyResponse(
            answers=await asyncio.gather(
                *(self._answer(question, caller) for question in request.questions)
            )
        )

    async def _answer(self, question: supplier_pb2.Question, caller: Caller) -> supplier_pb2.Answer:
        if institutions.from_wire(question.holder) != self._network:
            return UNAVAILABLE
        policy, period = self._follower.policy, periods.from_wire(question.period)
        person = await self._repertory.person(question.ssin)
        members = network.members(question.data_sort, period, policy, person, clock.today())
        entry = entries.supply(question, caller, members, person, policy.revision, clock.now())
        written = asyncio.ensure_future(self._ledger.append([entry]))
        parts = asyncio.gather(
            *(
                self._suppliers.ask(
                    policy.institutions[member],
                    wire.supplier_question(
                        question.ticket, question.ssin, question.data_sort, period, member
                    ),
                )
                for member in members
            )
        )
        answers, _ = await asyncio.gather(parts, written)
        return network.joined(answers)
