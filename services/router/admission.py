"""Admission: how much an institution may ask, looked at before anything is looked up."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable

import grpc
from crossroads.router.v1 import exchange_pb2

from mesh import clock
from mesh.identity import Caller
from mesh.refusals import Refusal
from services.router import quotas
from services.router.asked import asker_of
from services.router.leases import Leases
from services.router.policy_follower import PolicyFollower
from services.router.quota import Quota
from services.router.quota_store import QuotaStore
from services.router.quotas import Exceeded, Grant

Consult = Callable[[exchange_pb2.ConsultRequest, Caller], Awaitable[exchange_pb2.ConsultResponse]]


class Admission:
    """Lets questions through as far as the quotas of who asks go.

    All routers draw from the same rooms. As long as what was granted beside an earlier question
    lasts, or is known to be refused, nobody is asked.
    """

    def __init__(
        self,
        follower: PolicyFollower,
        store: QuotaStore,
    ) -> None:
        self._follower = follower
        self._store = store
        self._leases = Leases()

    async def admit(self, requests: Iterable[exchange_pb2.ConsultRequest], caller: Caller) -> None:
        """Count each question, all or none. Raises RESOURCE_EXHAUSTED."""
        policy = self._follower.policy
        if not policy.quotas:
            return
        counts: Counter[Quota] = Counter()
        for request in requests:
            asker = asker_of(request, caller, policy, clock.today())
            counts.update(map(quotas.stated, quotas.of(policy, asker, request.purpose)))
        if counts:
            await self._draw(counts)

    async def _draw(self, counts: Counter[Quota]) -> None:
        at = clock.now()
        day = quotas.day_of(at)
        lacking = self._leases.take(counts, day)
        if not lacking:
            return
        answer: Grant | Exceeded | None = self._leases.refusal(lacking, at)
        try:
            if answer is None:
                answer = await self._store.grant(lacking)
                if isinstance(answer, Exceeded):
                    self._leases.remember(lacking, answer, at)
        finally:
            if isinstance(answer, Grant):
                self._leases.add(answer)
            else:
                self._leases.give_back(counts, lacking, day)
        if isinstance(answer, Exceeded):
            raise _refusal(answer)

    def before(self, consult: Consult) -> Consult:
        """The same way to consult, for those who ask one question at a time."""

        async def admitted(
            request: exchange_pb2.ConsultRequest, caller: Caller
        ) -> exchange_pb2.ConsultResponse:
            await self.admit((request,), caller)
            return await consult(request, caller)

        return admitted


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
