"""The services that the gateway asks, in the name of the caller whose certificate it has seen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import grpc
from crossroads.declarations.v1 import (
    declarations_pb2,
    declarations_pb2_grpc,
    dmfa_pb2,
    dmfa_pb2_grpc,
    personnel_pb2,
    personnel_pb2_grpc,
)
from crossroads.forms.v1 import dmfa_notification_pb2, dmfa_pid_pb2
from crossroads.ledger.v1 import ledger_pb2, ledger_pb2_grpc
from crossroads.repertory.v1 import repertory_pb2, repertory_pb2_grpc
from crossroads.router.v1 import exchange_pb2, exchange_pb2_grpc
from grpc_health.v1 import health_pb2

from gateway.risk_peer import Risks
from mesh.channels import Channels, on_behalf_of
from mesh.identity import Identity

WAIT_MS = 2000
"""How long a question for a notification waits for it."""
_EXCHANGE_S = 4.0
QUARTER_S = 600.0
"""How long the document of a quarter may take to come in."""
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


class Personnel:
    """The personnel files of employers."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    async def page(
        self, caller: Identity, request: personnel_pb2.GetPersonnelFileRequest
    ) -> personnel_pb2.GetPersonnelFileResponse:
        stub = personnel_pb2_grpc.PersonnelStub(self._channels.peer("declarations"))
        answer: personnel_pb2.GetPersonnelFileResponse = await stub.GetPersonnelFile(
            request, timeout=_EXCHANGE_S, metadata=on_behalf_of(caller)
        )
        return answer


class Quarters:
    """The intake of quarterly declarations."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    def _stub(self) -> dmfa_pb2_grpc.DmfaStub:
        return dmfa_pb2_grpc.DmfaStub(self._channels.peer("declarations"))

    async def submit(
        self, caller: Identity, steps: AsyncIterator[dmfa_pb2.SubmitDmfaRequest]
    ) -> dmfa_pb2.SubmitDmfaResponse:
        receipt: dmfa_pb2.SubmitDmfaResponse = await self._stub().SubmitDmfa(
            steps, timeout=QUARTER_S, metadata=on_behalf_of(caller)
        )
        return receipt

    async def correct(
        self, caller: Identity, request: dmfa_pb2.SubmitDmfaUpdateRequest
    ) -> dmfa_pb2.SubmitDmfaUpdateResponse:
        receipt: dmfa_pb2.SubmitDmfaUpdateResponse = await self._stub().SubmitDmfaUpdate(
            request, timeout=_EXCHANGE_S, metadata=on_behalf_of(caller)
        )
        return receipt

    async def declaration(self, caller: Identity, ticket: str) -> dmfa_pb2.DmfaDeclaration:
        """A declaration as it is once handled, or after the longest wait."""
        answer: dmfa_pb2.GetDmfaResponse = await self._stub().GetDmfa(
            dmfa_pb2.GetDmfaRequest(ticket=ticket, wait_ms=WAIT_MS),
            timeout=_EXCHANGE_S,
            metadata=on_behalf_of(caller),
        )
        return answer.declaration

    async def identifiers(
        self, caller: Identity, ticket: str
    ) -> AsyncIterator[dmfa_pid_pb2.DmfaPidForm]:
        """Page after page, the same form with other persons."""
        request = dmfa_pb2.ListDmfaIdentifiersRequest(ticket=ticket, page_size=1000)
        while True:
            page: dmfa_pb2.ListDmfaIdentifiersResponse = await self._stub().ListDmfaIdentifiers(
                request, timeout=_EXCHANGE_S, metadata=on_behalf_of(caller)
            )
            yield page.form
            request.page_token = page.next_page_token
            if not request.page_token:
                return

    async def notice(
        self, caller: Identity, ticket: str
    ) -> dmfa_notification_pb2.DmfaUpdateNotificationForm:
        """All that a declaration changed, put together from its pages."""
        request = dmfa_pb2.ListDmfaChangesRequest(ticket=ticket, page_size=1000)
        whole: dmfa_notification_pb2.DmfaUpdateNotificationForm | None = None
        while True:
            page: dmfa_pb2.ListDmfaChangesResponse = await self._stub().ListDmfaChanges(
                request, timeout=_EXCHANGE_S, metadata=on_behalf_of(caller)
            )
            whole = _joined(whole, page.notice) if whole else page.notice
            request.page_token = page.next_page_token
            if not request.page_token:
                return whole


def _joined(
    whole: dmfa_notification_pb2.DmfaUpdateNotificationForm,
    page: dmfa_notification_pb2.DmfaUpdateNotificationForm,
) -> dmfa_notification_pb2.DmfaUpdateNotificationForm:
    """A notice with the persons of one more page, and what is owed because of them."""
    more = page.employer_declaration_update_notif.natural_person_update_notifs
    whole.employer_declaration_update_notif.natural_person_update_notifs.extend(more)
    owed = sum(
        int(one.rectification_amount.debit_amount or 0)
        - int(one.rectification_amount.credit_amount or 0)
        for one in (whole, page)
    )
    whole.rectification_amount.Clear()
    if owed < 0:
        whole.rectification_amount.credit_amount = str(-owed)
    else:
        whole.rectification_amount.debit_amount = str(owed)
    return whole


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
