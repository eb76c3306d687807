"""The policy for those who follow it: read once a change, whatever the number of followers."""

from __future__ import annotations

import asyncio

import structlog
from sqlalchemy.exc import SQLAlchemyError

from mesh import database
from services.repertory.domain import Policy
from services.repertory.policy_store import CHANGED, PolicyStore

LOG = structlog.get_logger()


class PolicyFeed:
    """Holds the newest policy and wakes its followers."""

    def __init__(self, store: PolicyStore) -> None:
        self._store = store
        self._policy = Policy(0)
        self._changed = asyncio.Condition()

    async def is_known(self) -> bool:
        return self._policy.revision > 0

    async def after(self, revision: int) -> Policy:
        """The newest policy, once it is of a later revision."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._policy.revision > revision)
            return self._policy

    async def run(self, url: str) -> None:
        """Follow the database for ever."""
        async for _ in database.listen(url, CHANGED):
            try:
                await self._look()
            except (SQLAlchemyError, OSError) as error:
                LOG.warning("the policy cannot be read; again soon", error=type(error).__name__)

    async def _look(self) -> None:
        if await self._store.revision() == self._policy.revision:
            return
        policy = await self._store.policy()
        async with self._changed:
            self._policy = policy
            self._changed.notify_all()
        LOG.info("policy in force", revision=policy.revision)
