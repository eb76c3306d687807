"""Where the story plays: the mesh's endpoints, the identities that speak, and patience."""

from __future__ import annotations

import asyncio
import json
import secrets
import ssl
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import grpc
import httpx
from crossroads.declarations.v1 import declarations_pb2_grpc
from crossroads.ledger.v1 import ledger_pb2_grpc
from crossroads.repertory.v1 import repertory_pb2_grpc
from crossroads.rights.v1 import rights_pb2_grpc
from crossroads.router.v1 import exchange_pb2_grpc, mailbox_pb2_grpc

from mesh import telemetry
from mesh.channels import Channel, Channels
from mesh.settings import Settings
from sandbox.letters import Letters
from sandbox.living_wages import LivingWages
from sandbox.story.telling import Memory, StepFailed

T = TypeVar("T")
PATIENCE_S = 30.0
LOOK_EVERY_S = 0.02
AGAIN_AFTER_S = 0.2
PASSING = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED})
"""Codes that a process being restarted gives; every request of the story may be sent again."""


class Stage:
    """One run of the story against a running mesh."""

    def __init__(self, endpoints: Path, patience_s: float = PATIENCE_S) -> None:
        content = json.loads(endpoints.read_text("utf-8"))
        self._addresses: dict[str, str] = content["addresses"]
        self._identities: dict[str, dict[str, str]] = content["identities"]
        self._channels: dict[str, Channels] = {}
        self._patience_s = patience_s
        self.state = endpoints.parent
        self.run = secrets.token_hex(6)
        self.memory = Memory()
        self.letters = Letters(self.state / "sandbox")
        self.wages = LivingWages(self.state / "sandbox")

    def request_id(self, name: str) -> str:
        """Of a request that must happen once in this run, however often it is sent."""
        return f"story-{self.run}-{name}"

    def repertory(self, identity: str) -> repertory_pb2_grpc.RepertoryStub:
        return repertory_pb2_grpc.RepertoryStub(self.channel(identity, "repertory"))

    def exchange(self, identity: str) -> exchange_pb2_grpc.ExchangeStub:
        return exchange_pb2_grpc.ExchangeStub(self.channel(identity, "router"))

    def mailbox(self, identity: str) -> mailbox_pb2_grpc.MailboxStub:
        return mailbox_pb2_grpc.MailboxStub(self.channel(identity, "router"))

    def ledger(self, identity: str) -> ledger_pb2_grpc.LedgerStub:
        return ledger_pb2_grpc.LedgerStub(self.channel(identity, "ledger"))

    def declarations(self, identity: str) -> declarations_pb2_grpc.DeclarationsStub:
        return declarations_pb2_grpc.DeclarationsStub(self.channel(identity, "declarations"))

    def rights(self, identity: str) -> rights_pb2_grpc.RightsStub:
        return rights_pb2_grpc.RightsStub(self.channel(identity, "rights"))

    def channel(self, identity: str, service: str) -> Channel:
        """A channel that presents the identity's certificate."""
        if identity not in self._channels:
            self._channels[identity] = Channels(
                Settings(name="story", tls=self.folder(identity), peers=self._addresses)
            )
        return self._channels[identity].peer(service)

    def address(self, name: str) -> str:
        return self._addresses[name]

    def folder(self, identity: str) -> Path:
        return Path(self._identities[identity]["certificate"]).parent

    def https(self, identity: str) -> httpx.AsyncClient:
        """A client of the gateway that presents the identity's certificate."""
        folder = self.folder(identity)
        context = ssl.create_default_context(cafile=folder / "ca.pem")
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        return httpx.AsyncClient(
            base_url=f"https://{self._addresses['gateway']}",
            verify=context,
            timeout=10.0,
            headers={"traceparent": parent} if (parent := telemetry.traceparent()) else {},
        )

    async def persist(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask, and ask again while the process asked is being restarted."""
        deadline = time.monotonic() + self._patience_s
        while True:
            try:
                return await ask()
            except grpc.aio.AioRpcError as error:
                if error.code() not in PASSING or time.monotonic() > deadline:
                    raise
            except httpx.TransportError:
                if time.monotonic() > deadline:
                    raise
            await asyncio.sleep(AGAIN_AFTER_S)

    async def until(self, look: Callable[[], Awaitable[T]], otherwise: str) -> T:
        """What `look` finds, once it finds something. Raises StepFailed with `otherwise`."""
        deadline = time.monotonic() + self._patience_s
        while not (found := await self.persist(look)):
            if time.monotonic() > deadline:
                raise StepFailed(otherwise)
            await asyncio.sleep(LOOK_EVERY_S)
        return found

    async def close(self) -> None:
        for channels in self._channels.values():
            await channels.close()
