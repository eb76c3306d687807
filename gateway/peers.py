"""The services that the gateway asks, in the name of the caller whose certificate it has seen."""

from __future__ import annotations

import asyncio

import grpc
from crossroads.declarations.v1 import (
    declarations_pb2,
    declarations_pb2_grpc,
    risks_pb2,
    risks_pb2_grpc,
)
from crossroads.ledger.v1 import ledger_pb2, ledger_pb2_grpc
from crossroads.repertory.v1 import repertory_pb2, repertory_pb2_grpc
from crossroads.router.v1 import exchange_pb2, exchange_pb2_grpc
from grpc_health.v1 import health_pb2

from mesh.channels import Channels, on_behalf_of
from mesh.identity import Identity

WAIT_MS = 2000
"""How long a question for a notification waits for it."""
_EXCHANGE_S = 4.0
_DOOR_S = 2.0
_SERVING = health_pb2.HealthCheckResponse.SERVING


class Router:
    """The exchange."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    async def consult(
        self, caller: Identity, request: exchange_pb2.ConsultRequest
    ) -> exchange_pb2.ConsultResponse:
        stub = exchange_pb2_grpc.ExchangeStub(self._channels.peer("router"))
        answer: exchange_pb2.ConsultResponse = await stub.Consult(
            request, timeout=_EXCHANGE_S, metadata=on_behalf_of(caller)
        )
        return answer


class Declarations:
    """The intake of declarations."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    @property
    def risks(self) -> Risks:
        """The intake of social risks, which the same service keeps."""
        return Risks(self._channels)

    def _stub(self) -> declarations_pb2_grpc.DeclarationsStub:
        return declarations_pb2_grpc.DeclarationsStub(self._channels.peer("declarations"))

    async def submit(
        self, caller: Identity, request: declarations_pb2.SubmitDimonaRequest
    ) -> declarations_pb2.SubmitDimonaResponse:
        receipt: declarations_pb2.SubmitDimonaResponse = await self._stub().SubmitDimona(
            request, timeout=_EXCHANGE_S, metadata=on_behalf_of(caller)
        )
        return receipt

    async def declaration(self, caller: Identity, ticket: str) -> declarations_pb2.Declaration:
        """A declaration as it is once handled, or after the longest wait."""
        answer: declarations_pb2.GetDeclarationResponse = await self._stub().GetDeclaration(
            declarations_pb2.GetDeclarationRequest(ticket=ticket, wait_ms=WAIT_MS),
            timeout=_EXCHANGE_S,
            metadata=on_behalf_of(caller),
        )
        return answer.declaration


class Risks:
    """The intake of social risks."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    def _stub(self) -> risks_pb2_grpc.RisksStub:
        return risks_pb2_grpc.RisksStub(self._channels.peer("declarations"))

    async def submit(
        self, caller: Identity, request: risks_pb2.SubmitRiskRequest
    ) -> risks_pb2.SubmitRiskResponse:
        receipt: risks_pb2.SubmitRiskResponse = await self._stub().SubmitRisk(
            request, timeout=_EXCHANGE_S, metadata=on_behalf_of(caller)
        )
        return receipt

    async def submit_paper(
        self, caller: Identity, request: risks_pb2.SubmitPaperRiskRequest
    ) -> risks_pb2.SubmitPaperRiskResponse:
        receipt: risks_pb2.SubmitPaperRiskResponse = await self._stub().SubmitPaperRisk(
            request, timeout=_EXCHANGE_S, metadata=on_behalf_of(caller)
        )
        return receipt

    async def finalise(self, caller: Identity, number: str, request_id: str) -> str:
        """The ticket of the declaration that closes a risk."""
        receipt = await self._stub().FinaliseRisk(
            risks_pb2.FinaliseRiskRequest(request_id=request_id, number=number),
            timeout=_EXCHANGE_S,
            metadata=on_behalf_of(caller),
        )
        return str(receipt.ticket)

    async def cancel(self, caller: Identity, number: str, request_id: str) -> str:
        """The ticket of the declaration that takes a risk back."""
        receipt = await self._stub().CancelRisk(
            risks_pb2.CancelRiskRequest(request_id=request_id, number=number),
            timeout=_EXCHANGE_S,
            metadata=on_behalf_of(caller),
        )
        return str(receipt.ticket)

    async def risk(self, caller: Identity, ticket: str) -> risks_pb2.GetRiskResponse:
        """A declaration of a risk once handled, or after the longest wait."""
        answer: risks_pb2.GetRiskResponse = await self._stub().GetRisk(
            risks_pb2.GetRiskRequest(ticket=ticket, wait_ms=WAIT_MS),
            timeout=_EXCHANGE_S,
            metadata=on_behalf_of(caller),
        )
        return answer


class Repertory:
    """The register of persons."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    def _stub(self) -> repertory_pb2_grpc.RepertoryStub:
        return repertory_pb2_grpc.RepertoryStub(self._channels.peer("repertory"))

    async def register(self, caller: Identity, request: repertory_pb2.RegisterRequest) -> None:
        await self._stub().Register(request, timeout=_EXCHANGE_S, metadata=on_behalf_of(caller))

    async def end(self, caller: Identity, request: repertory_pb2.EndRequest) -> None:
        await self._stub().End(request, timeout=_EXCHANGE_S, metadata=on_behalf_of(caller))

    async def inscriptions(self, caller: Identity, ssin: str) -> list[repertory_pb2.Inscription]:
        """The lines on a person that the caller may see."""
        request = repertory_pb2.ListInscriptionsRequest(ssin=ssin, page_size=1000)
        answer: repertory_pb2.ListInscriptionsResponse = await self._stub().ListInscriptions(
            request, timeout=_EXCHANGE_S, metadata=on_behalf_of(caller)
        )
        return list(answer.inscriptions)


class Ledger:
    """Where it is written who was turned away."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    async def append(self, entry: ledger_pb2.Entry) -> None:
        stub = ledger_pb2_grpc.LedgerStub(self._channels.peer("ledger"))
        await stub.Append(ledger_pb2.AppendRequest(entries=[entry]), timeout=_DOOR_S)


async def all_serve(channels: Channels) -> bool:
    """Whether every peer that an answer needs says that it serves."""
    names = ("router", "declarations", "repertory")
    return all(await asyncio.gather(*(_serves(channels, name) for name in names)))


async def _serves(channels: Channels, name: str) -> bool:
    try:
        check = channels.peer(name).unary_unary(
            "/grpc.health.v1.Health/Check",
            health_pb2.HealthCheckRequest.SerializeToString,
            health_pb2.HealthCheckResponse.FromString,
        )
        answer = await check(health_pb2.HealthCheckRequest(), timeout=1.0)
    except (grpc.aio.AioRpcError, KeyError):
        return False
    return bool(answer.status == _SERVING)
