"""The policy in memory, followed from the repertory."""

from __future__ import annotations

import asyncio

import grpc
import structlog

from mesh.refusals import Refusal
from services.router.domain import Policy
from services.router.peers import Repertory

LOG = structlog.get_logger()
MOST_WAIT_S = 2.0


class PolicyFollower:
    """Holds the newest policy. While the repertory is away, the last one known stays in force."""

    def __init__(self, repertory: Repertory) -> None:
        self._repertory = repertory
        self._policy: Policy | None = None

    @property
    def policy(self) -> Policy:
        """Raises UNAVAILABLE before the first has come."""
        if self._policy is None:
            raise Refusal(grpc.StatusCode.UNAVAILABLE, "POLICY_UNKNOWN", retry_after=1.0)
        return self._policy

    @property
    def known(self) -> Policy | None:
        """None before the first has come."""
        return self._policy

    async def is_known(self) -> bool:
        return self._policy is not None

    async def follow(self) -> None:
        """Follow for ever, opening the stream again whenever it breaks."""
        wait = 0.1
        while True:
            try:
                async for policy in self._repertory.policy():
                    self._policy = policy
                    wait = 0.1
                    LOG.info("policy in force", revision=policy.revision)
            except grpc.aio.AioRpcError as error:
                LOG.warning(
                    "the policy stream broke; again soon", code=error.code().name, wait_s=wait
                )
            await asyncio.sleep(wait)
            wait = min(wait * 2, MOST_WAIT_S)
