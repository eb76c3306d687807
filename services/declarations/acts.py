"""What is done around declarations, kept in the ledger: a lock, a mandate, a person named."""

from __future__ import annotations

from crossroads.ledger.v1 import ledger_pb2
from google.protobuf.message import Message
from sqlalchemy.ext.asyncio import AsyncConnection

from mesh import call, clock, institutions, outbox
from services.declarations.domain import NSSO
from services.declarations.telling import LEDGER

IMMEDIATE = "Royal Decree of 5 November 2002"
"""Introduces the immediate declaration of employment."""
QUARTERLY = "Law of 27 June 1969"
"""Lets an employer have its declarations made by another, article 31ter."""


async def keep(
    connection: AsyncConnection,
    entry_id: str,
    request: Message,
    *,
    ground: str,
    ssin: str = "",
) -> None:
    """Within the transaction of the act; `entry_id` begins with its ticket."""
    caller = call.caller()
    entry = ledger_pb2.Entry(
        entry_id=entry_id,
        ticket=entry_id.partition("/")[0],
        kind=ledger_pb2.ENTRY_KIND_DECLARATION,
        occurred_at=clock.rfc3339(clock.now()),
        caller=caller.identity.path,
        chain=caller.chain,
        institution=institutions.to_wire(NSSO),
        ssin=ssin,
        outcome=ledger_pb2.OUTCOME_ALLOWED,
        grounds=[ground],
        content=request.SerializeToString(deterministic=True),
    )
    await outbox.put(connection, LEDGER, entry.SerializeToString())
