"""Admission: how much an institution may ask, looked at before anything is looked up."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime

import grpc
from crossroads.router.v1 import exchange_pb2

from mesh import clock
from mesh.identity import Caller
from mesh.institutions import Institution
from mesh.refusals import Refusal
from services.router import quotas
from services.router.asked import asker_of
from services.router.domain import Quota
from services.router.policy_follower import PolicyFollower
from services.router.quotas import Exceeded, Room

Consult = Callable[[exchange_pb2.ConsultRequest, Caller], Awaitable[exchange_pb2.ConsultResponse]]


class Admission:
    """Lets questions through as far as the quotas of who asks go.

    Every router counts for itself and lets its share of a quota through.
    """

    def __init__(
        self,
        follower: PolicyFollower,
        share: float = 1.0,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._follower = follower
        self._share = share
        self._now = now
        self._rooms: dict[tuple[Institution, str], Room] = {}

    def admit(self, requests: Iterable[exchange_pb2.ConsultRequest], caller: Caller) -> None:
        """Count each question, all or none. Raises RESOURCE_EXHAUSTED."""
        policy = self._follower.policy
        if not policy.quotas:
            return
        counts: Counter[Quota] = Counter()
        for request in requests:
            asker = asker_of(request, caller, policy, clock.today())
            counts.update(quotas.of(policy, asker, request.purpose))
        if not counts:
            return
        drawn = {quotas.part(quota, self._share): count for quota, count in counts.items()}
        left = quotas.draw(self._standing(drawn), drawn, self._now())
        if isinstance(left, Exceeded):
            raise _refusal(left)
        for quota, room in left.items():
            self._rooms[quota.institution, quota.purpose] = room

    def before(self, consult: Consult) -> Consult:
        """The same way to consult, for those who ask one question at a time."""

        async def admitted(
            request: exchange_pb2.ConsultRequest, caller: Caller
        ) -> exchange_pb2.ConsultResponse:
            self.admit((request,), caller)
            return await consult(request, caller)

        return admitted

    def _standing(self, asked: Iterable[Quota]) -> dict[Quota, Room]:
        """What is left of each; a quota stated anew goes on with what was left of the old."""
        found = {quota: self._rooms.get((quota.institution, quota.purpose)) for quota in asked}
        return {quota: room for quota, room in found.items() if room is not None}


def _refusal(exceeded: Exceeded) -> Refusal:
    wait = exceeded.wait_s
    return Refusal(
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        "QUOTA_EXCEEDED",
        metadata={
            "institution": str(exceeded.quota.institution),
            "purpose": exceeded.quota.purpose or "*",
        },
        retry_after=None if wait is None else math.ceil(wait * 1000) / 1000,
    )
