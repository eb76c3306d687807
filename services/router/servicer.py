"""The rpcs of the exchange."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from crossroads.router.v1 import exchange_pb2, exchange_pb2_grpc

from mesh import call, clock, telemetry, tickets
from mesh.identification import ssin_is_valid
from mesh.identity import Caller
from mesh.refusals import Refusal
from services.router import entries, refusals
from services.router.consultation import Consultations
from services.router.peers import Ledger
from services.router.policy_follower import PolicyFollower
from services.router.publication import Publications

LOG = structlog.get_logger()


class ExchangeServicer(exchange_pb2_grpc.ExchangeServicer):
    """Asking and telling."""

    def __init__(
        self, consultations: Consultations, publications: Publications, follower: PolicyFollower
    ) -> None:
        self._consultations = consultations
        self._publications = publications
        self._follower = follower

    async def Consult(
        self, request: exchange_pb2.ConsultRequest, context: Any
    ) -> exchange_pb2.ConsultResponse:
        caller = self._caller()
        _check_ssin(request.ssin, "ssin")
        return await self._consultations.consult(request, caller)

    async def BatchConsult(
        self, request: exchange_pb2.BatchConsultRequest, context: Any
    ) -> exchange_pb2.BatchConsultResponse:
        caller = self._caller()
        for index, consultation in enumerate(request.consultations):
            _check_ssin(consultation.ssin, f"consultations[{index}].ssin")
        return exchange_pb2.BatchConsultResponse(
            consultations=await asyncio.gather(
                *(self._consultations.consult(each, caller) for each in request.consultations)
            )
        )

    async def Explain(
        self, request: exchange_pb2.ExplainRequest, context: Any
    ) -> exchange_pb2.ExplainResponse:
        caller = self._caller()
        _check_ssin(request.consultation.ssin, "consultation.ssin")
        return await self._consultations.explain(request.consultation, caller)

    async def Publish(
        self, request: exchange_pb2.PublishRequest, context: Any
    ) -> exchange_pb2.PublishResponse:
        caller = self._caller()
        _check_ssin(request.mutation.ssin, "mutation.ssin")
        ticket = await self._publications.publish(
            request, caller, self._follower.policy, tickets.new(), clock.now()
        )
        telemetry.note(crossroads__ticket=ticket, crossroads__data_sort=request.mutation.data_sort)
        return exchange_pb2.PublishResponse(ticket=ticket)

    def _caller(self) -> Caller:
        caller = call.caller()
        refusals.check_certificate(caller, self._follower.policy)
        return caller


class DoorBook:
    """Writes in the ledger who was turned away while asking about a person."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def __call__(self, method: str, caller: Caller, refusal: Refusal, request: Any) -> None:
        if not isinstance(request, exchange_pb2.ConsultRequest) or not ssin_is_valid(request.ssin):
            return
        ticket = tickets.new()
        telemetry.note(crossroads__ticket=ticket)
        refusal.metadata["ticket"] = ticket
        entry = entries.door(ticket, caller, refusal.reason, request, clock.now())
        try:
            await self._ledger.append(entry)
        except Refusal as failure:
            LOG.error("a refusal is not written", method=method, reason=failure.reason)


def _check_ssin(ssin: str, field: str) -> None:
    if not ssin_is_valid(ssin):
        raise refusals.wrong_check_digits(field)
