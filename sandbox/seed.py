"""Puts the sandbox into the repertory when it starts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import grpc
import structlog
from crossroads.repertory.v1 import repertory_pb2, repertory_pb2_grpc

from mesh.channels import Channels
from sandbox import cast, population

LOG = structlog.get_logger()
OPERATOR = "operator/sandbox"
KNOWING = ("0/0", "39/0")
PAGE = 1000
WAIT_S = 0.3


class Seed:
    """Says where suppliers answer and who is known from before; doing it twice changes nothing."""

    def __init__(
        self, channels: Callable[[str], Channels], addresses: dict[str, str], hub: str = ""
    ) -> None:
        self._channels = channels
        self._addresses = addresses
        self._hub = hub
        self._done = False

    async def is_done(self) -> bool:
        return self._done

    async def run(self) -> None:
        """Until it is done; the repertory may still be starting."""
        while not self._done:
            try:
                await self._address("repertory", self._addresses)
                if self._hub:
                    members = {member: self._addresses[member] for member in cast.MEMBERS}
                    await self._address(f"{cast.HUB}-repertory", members)
                for institution in KNOWING:
                    await self._register(institution)
                self._done = True
            except grpc.aio.AioRpcError as error:
                LOG.info("the repertory does not answer yet", code=error.code().name)
                await asyncio.sleep(WAIT_S)
        LOG.info("seeded")
        await asyncio.Event().wait()

    async def _address(self, peer: str, addresses: dict[str, str]) -> None:
        repertory = self._repertory(OPERATOR, peer)
        hub = self._hub if peer == "repertory" else ""
        listed = await repertory.ListInstitutions(
            repertory_pb2.ListInstitutionsRequest(page_size=PAGE)
        )
        for record in population.addressed(listed.institutions, addresses, hub):
            await repertory.PutInstitution(repertory_pb2.PutInstitutionRequest(institution=record))

    async def _register(self, institution: str) -> None:
        await self._repertory(f"institution/{institution}").Register(
            repertory_pb2.RegisterRequest(
                request_id=f"sandbox-{cast.server_name(institution)}",
                inscriptions=population.inscriptions(institution),
            )
        )

    def _repertory(
        self, identity: str, peer: str = "repertory"
    ) -> repertory_pb2_grpc.RepertoryStub:
        return repertory_pb2_grpc.RepertoryStub(self._channels(identity).peer(peer))
