"""What was known when a decision was made: the policy of a revision, a person at a position."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

import grpc
from crossroads.repertory.v1 import repertory_pb2, repertory_pb2_grpc

from services.router import policy_wire
from services.router.domain import Person, Policy
from services.router.replay import Past, PastUntold

MOST_PERSONS = 1000
AT_ONCE = 8
TIMEOUT_S = 30.0
Key = tuple[str, str]
"""A position, and the number of a person."""


class PastRepertory:
    """The repertory as it was; policies are remembered, persons are not."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = repertory_pb2_grpc.RepertoryStub(channel)
        self._policies: dict[int, Policy | None] = {}
        self._room = asyncio.Semaphore(AT_ONCE)

    async def policy(self, revision: int) -> Policy | None:
        """The policy of a revision; None where there never was one."""
        if revision not in self._policies:
            self._policies[revision] = await self._policy(revision)
        return self._policies[revision]

    async def persons(self, decisions: Iterable[Past | PastUntold]) -> dict[Key, Person]:
        """The persons that the decisions read, as known then; one that no log has is left out."""
        wanted: dict[str, set[str]] = {}
        for one in decisions:
            if one.position:
                wanted.setdefault(one.position, set()).add(one.entry.ssin)
        found = await asyncio.gather(
            *(
                self._lookup(position, ssins[begin : begin + MOST_PERSONS])
                for position, ssins in ((p, sorted(s)) for p, s in wanted.items())
                for begin in range(0, len(ssins), MOST_PERSONS)
            )
        )
        return {key: person for part in found for key, person in part.items()}

    async def _policy(self, revision: int) -> Policy | None:
        if revision <= 0:
            return None
        try:
            request = repertory_pb2.GetPolicyRequest(revision=revision)
            return policy_wire.policy(await self._stub.GetPolicy(request, timeout=TIMEOUT_S))
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.NOT_FOUND:
                return None
            raise

    async def _lookup(self, position: str, ssins: Sequence[str]) -> dict[Key, Person]:
        request = repertory_pb2.BatchLookupRequest(ssins=ssins, position=position)
        try:
            async with self._room:
                response = await self._stub.BatchLookup(request, timeout=TIMEOUT_S)
        except grpc.aio.AioRpcError as error:
            if error.code() in {grpc.StatusCode.OUT_OF_RANGE, grpc.StatusCode.INVALID_ARGUMENT}:
                return {}
            raise
        return {
            (position, found.ssin): policy_wire.person(found, response.position)
            for found in response.persons
        }
