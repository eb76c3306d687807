"""`crossroads ledger reconcile`: the ledger against the records of the repertory and the router."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from crossroads.ledger.v1 import ledger_pb2, ledger_pb2_grpc
from rich.console import Console

from console import auditor
from console.state import State
from services.ledger import reconciliation
from services.ledger.reconciliation import Discrepancy, Line

WITNESSES = ("repertory", "router")
MOST_SHOWN = 50
SCREEN = Console()


def command(
    context: typer.Context,
    identity: Annotated[str, typer.Option("--as", help="The auditor to be.")] = auditor.AUDITOR,
) -> None:
    """Find entries that are missing, altered or extra by the records of those who wrote them.

    Exit status 0 if there is none, 1 otherwise.
    """
    with auditor.asking():
        count, found = asyncio.run(run(context.obj, identity))
    for one in found[:MOST_SHOWN]:
        line = f"{one.fault.value}: {one.entry_id}: {one.meaning}"
        SCREEN.print(line, style="red", markup=False, highlight=False)
    if len(found) > MOST_SHOWN:
        SCREEN.print(f"and {len(found) - MOST_SHOWN} more", style="red")
    SCREEN.print(f"{count} entries reconciled, {len(found)} discrepancies.", highlight=False)
    raise typer.Exit(1 if found else 0)


async def run(place: State, identity: str) -> tuple[int, tuple[Discrepancy, ...]]:
    """How many entries there are, and what differs.

    The ledger is read before the records, and what came to it meanwhile after them.
    """
    before = await _lines(place, identity, 0)
    written = [one for name in WITNESSES for one in await _written(place, identity, name)]
    after = await _lines(place, identity, len(before))
    return len(before), reconciliation.discrepancies(before, written, after)


async def _lines(place: State, identity: str, begin: int) -> list[Line]:
    async with auditor.channel(place, identity, "ledger") as channel:
        stub = ledger_pb2_grpc.LedgerStub(channel)
        return [
            reconciliation.line(exported)
            async for message in stub.Export(ledger_pb2.ExportRequest(from_index=begin))
            for exported in message.entries
        ]


async def _written(place: State, identity: str, name: str) -> list[ledger_pb2.Written]:
    async with auditor.channel(place, identity, name) as channel:
        stub = ledger_pb2_grpc.WitnessStub(channel)
        return [
            one
            async for message in stub.ListWritten(ledger_pb2.ListWrittenRequest())
            for one in message.written
        ]
