"""The services that declarations ask and tell: repertory, router and ledger."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import grpc
from crossroads.ledger.v1 import ledger_pb2, ledger_pb2_grpc
from crossroads.repertory.v1 import repertory_pb2, repertory_pb2_grpc
from crossroads.router.v1 import exchange_pb2, exchange_pb2_grpc

from mesh import institutions, periods
from mesh.channels import Channels
from mesh.institutions import Institution
from services.declarations.dimona.domain import Person

NATIONAL_REGISTER = Institution(0, 0)
PENSIONS = Institution(5, 0)
TIMEOUT_S = 2.0


class Repertory:
    """The reference repertory."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    def _stub(self) -> repertory_pb2_grpc.RepertoryStub:
        return repertory_pb2_grpc.RepertoryStub(self._channels.peer("repertory"))

    async def lookup(self, ssins: Collection[str]) -> dict[str, Person]:
        """By the number asked for: known is who is in the National Register, under that number
        or the one that replaced it; pensioned is who is known at the pensions service.
        """
        if not ssins:
            return {}
        answer = await self._stub().BatchLookup(
            repertory_pb2.BatchLookupRequest(ssins=sorted(ssins)), timeout=TIMEOUT_S
        )
        return {
            person.ssin: Person(
                person.replaced_by or person.ssin,
                any(
                    institutions.from_wire(line.institution) == NATIONAL_REGISTER
                    for line in person.inscriptions
                ),
                tuple(
                    periods.from_wire(line.period)
                    for line in person.inscriptions
                    if institutions.from_wire(line.institution) == PENSIONS
                ),
            )
            for person in answer.persons
        }

    async def register(self, request: repertory_pb2.RegisterRequest) -> None:
        await self._stub().Register(request, timeout=TIMEOUT_S)

    async def end(self, request: repertory_pb2.EndRequest) -> None:
        """Days that are not there any more are ended already."""
        try:
            await self._stub().End(request, timeout=TIMEOUT_S)
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.NOT_FOUND:
                raise


class Router:
    """The exchange."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    async def publish(self, request: exchange_pb2.PublishRequest) -> None:
        stub = exchange_pb2_grpc.ExchangeStub(self._channels.peer("router"))
        await stub.Publish(request, timeout=TIMEOUT_S)


class Ledger:
    """The verifiable log."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    async def append(self, entries: Sequence[ledger_pb2.Entry]) -> None:
        stub = ledger_pb2_grpc.LedgerStub(self._channels.peer("ledger"))
        await stub.Append(ledger_pb2.AppendRequest(entries=entries), timeout=TIMEOUT_S)
