"""The router's door: whom it trusts no longer, and what the ledger hears of the refused."""

from __future__ import annotations

from typing import Any

import structlog

from mesh import clock, named, telemetry, tickets
from mesh.identity import Caller
from mesh.refusals import Refusal
from services.router import entries, refusals
from services.router.peers import Ledger
from services.router.policy_follower import PolicyFollower

LOG = structlog.get_logger()
MOST = 256
"""Persons of one refused request who have an entry each; none of ours names more."""


class Doorkeeper:
    """Writes down who was refused access, an entry for each person the request names.

    Where it names nobody, as a stream before its first message, there is one without a person.
    """

    def __init__(self, ledger: Ledger, follower: PolicyFollower) -> None:
        self._ledger = ledger
        self._follower = follower

    def trust(self, caller: Caller) -> None:
        """Raises UNAUTHENTICATED for a certificate that its own institution has withdrawn."""
        if self._follower.known is not None:
            refusals.check_certificate(caller, self._follower.known)

    async def __call__(self, method: str, caller: Caller, refusal: Refusal, request: Any) -> None:
        ticket = tickets.new()
        telemetry.note(crossroads__ticket=ticket)
        refusal.metadata["ticket"] = ticket
        about = named.persons(request)
        if len(about) > MOST:
            about = {}
        written = entries.door(ticket, caller, method, refusal.reason, about, clock.now())
        try:
            await self._ledger.append(written)
        except Refusal as failure:
            LOG.error("a refusal is not written", method=method, reason=failure.reason)
