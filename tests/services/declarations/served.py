"""The service on a port, as its callers see it."""

from __future__ import annotations

from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import grpc
import pytest
from crossroads.declarations.v1 import (
    declarations_pb2,
    declarations_pb2_grpc,
    mandates_pb2_grpc,
    periods_pb2_grpc,
)
from crossroads.router.v1 import supplier_pb2_grpc

from console.authority import Authority
from mesh import refusals
from mesh.channels import Channels
from mesh.settings import Settings
from services.declarations import servicer as served
from services.declarations.handled import Handled
from services.declarations.worker import Worker

refusals.load(Path(served.__file__).with_name("texts.yaml"))


class Served:
    """The service on a port, and channels to it for any identity."""

    def __init__(self, authority: Authority, worker: Worker, handled: Handled) -> None:
        self.authority = authority
        self.worker = worker
        self.handled = handled
        self.address = ""
        self.open: list[Channels] = []
        self.sent = 0

    def channel(self, path: str) -> Any:
        tls = self.authority.issue(path)
        channels = Channels(Settings(name="test", tls=tls))
        self.open.append(channels)
        return channels.open(self.address, "declarations")

    def declarations(self, path: str) -> declarations_pb2_grpc.DeclarationsStub:
        return declarations_pb2_grpc.DeclarationsStub(self.channel(path))

    def mandates(self, path: str) -> mandates_pb2_grpc.MandatesStub:
        return mandates_pb2_grpc.MandatesStub(self.channel(path))

    def periods(self, path: str) -> periods_pb2_grpc.PeriodsStub:
        return periods_pb2_grpc.PeriodsStub(self.channel(path))

    def supplier(self, path: str) -> supplier_pb2_grpc.SupplierStub:
        return supplier_pb2_grpc.SupplierStub(self.channel(path))

    async def handle(self) -> None:
        while await self.worker.handle():
            pass
        self.handled.ring()

    async def declare(self, path: str, form: Any, **other: Any) -> declarations_pb2.Declaration:
        """Submit a form, have it handled, and take what came of it."""
        stub = self.declarations(path)
        self.sent += 1
        receipt = await stub.SubmitDimona(
            declarations_pb2.SubmitDimonaRequest(
                request_id=f"declared-{self.sent}", form=form, **other
            )
        )
        await self.handle()
        return await self.declaration(path, receipt.ticket)

    async def declaration(self, path: str, ticket: str) -> declarations_pb2.Declaration:
        ask = declarations_pb2.GetDeclarationRequest(ticket=ticket)
        answer: declarations_pb2.GetDeclarationResponse = await self.declarations(
            path
        ).GetDeclaration(ask)
        return answer.declaration


def submission(form: Any, request_id: str = "request-1") -> declarations_pb2.SubmitDimonaRequest:
    return declarations_pb2.SubmitDimonaRequest(request_id=request_id, form=form)


async def refused(call: Awaitable[object]) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    refusal = refusals.of_error(caught.value)
    return refusal.code, refusal.reason
