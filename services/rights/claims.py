"""What the ledger is told of certificates and waivers."""

from __future__ import annotations

from datetime import datetime

from crossroads.ledger.v1 import ledger_pb2
from crossroads.rights.v1 import asker_pb2
from google.protobuf.message import Message
from sqlalchemy.ext.asyncio import AsyncConnection

from mesh import call, clock, outbox


async def record(
    connection: AsyncConnection,
    entry_id: str,
    ssin: str,
    right: str,
    asker: asker_pb2.Asker,
    content: Message,
    at: datetime,
    *,
    ticket: str = "",
    refused: str = "",
) -> None:
    """Queue the entry within the transaction; `refused` names why something may not be done."""
    caller = call.caller()
    entry = ledger_pb2.Entry(
        entry_id=entry_id,
        ticket=ticket,
        kind=ledger_pb2.ENTRY_KIND_CLAIM,
        occurred_at=clock.rfc3339(at),
        caller=caller.identity.path,
        chain=caller.chain,
        institution=asker.institution if asker.HasField("institution") else None,
        ssin=ssin,
        data_sorts=[right],
        purpose=asker.purpose,
        outcome=ledger_pb2.OUTCOME_REFUSED if refused else ledger_pb2.OUTCOME_ALLOWED,
        reason=refused,
        content=content.SerializeToString(deterministic=True),
    )
    await outbox.put(connection, "ledger", entry.SerializeToString())
