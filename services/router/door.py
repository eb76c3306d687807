"""The router's door: whom it trusts no longer, and what the ledger hears of the refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog
from crossroads.ledger.v1 import ledger_pb2
from google.protobuf.message import Message

from mesh import clock, named, telemetry, tickets
from mesh.identity import Caller
from mesh.refusals import Refusal
from services.router import refusals
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
        written = _entries(ticket, caller, method, refusal.reason, about, clock.now())
        try:
            await self._ledger.append(written)
        except Refusal as failure:
            LOG.error("a refusal is not written", method=method, reason=failure.reason)


def _entries(
    ticket: str,
    caller: Caller,
    method: str,
    reason: str,
    about: Mapping[str, Message],
    at: datetime,
) -> list[ledger_pb2.Entry]:
    """A caller refused access: for each person by number, as the message that names her says."""
    return [
        ledger_pb2.Entry(
            entry_id=f"{ticket}/door/{number}" if number else f"{ticket}/door",
            ticket=ticket,
            kind=ledger_pb2.ENTRY_KIND_DOOR,
            occurred_at=clock.rfc3339(at),
            caller=caller.identity.path,
            chain=caller.chain,
            ssin=ssin,
            data_sorts=_sorts(message),
            purpose=getattr(message, "purpose", ""),
            outcome=ledger_pb2.OUTCOME_REFUSED,
            reason=reason,
            content=method.encode(),
        )
        for number, (ssin, message) in enumerate(about.items() or [("", None)])
    ]


def _sorts(message: Message | None) -> list[str]:
    one = getattr(message, "data_sort", "")
    return [one] if one else list(getattr(message, "data_sorts", ()))
