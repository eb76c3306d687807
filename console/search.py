"""`crossroads ledger search`: entries by institution, period, kind, outcome and sort of data."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from crossroads.ledger.v1 import ledger_pb2, ledger_pb2_grpc
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from console import auditor
from console.state import State
from mesh import institutions

PAGE = 500
SCREEN = Console()


def command(
    context: typer.Context,
    institution: Annotated[
        str, typer.Option("--institution", help="Who asked, sent or received, such as 17/1.")
    ] = "",
    ticket: Annotated[str, typer.Option("--ticket", help="The exchange.")] = "",
    kind: Annotated[str, typer.Option("--kind", help="Such as consultation or policy.")] = "",
    outcome: Annotated[str, typer.Option("--outcome", help="allowed or refused.")] = "",
    data_sort: Annotated[str, typer.Option("--data-sort", help="Such as living_wage.")] = "",
    since: Annotated[str, typer.Option("--from", help="Written at this moment or later.")] = "",
    until: Annotated[str, typer.Option("--until", help="Written before this moment.")] = "",
    most: Annotated[int, typer.Option("--most", min=1, help="At most this many.")] = 100,
    identity: Annotated[str, typer.Option("--as", help="The auditor to be.")] = auditor.AUDITOR,
) -> None:
    """Find entries, newest first. Moments are RFC 3339, such as 2026-01-01T00:00:00Z."""
    try:
        request = ledger_pb2.ListAccessesRequest(
            ticket=ticket,
            kind=ledger_pb2.EntryKind.Value(f"ENTRY_KIND_{(kind or 'unspecified').upper()}"),
            outcome=ledger_pb2.Outcome.Value(f"OUTCOME_{(outcome or 'unspecified').upper()}"),
            data_sort=data_sort,
            recorded_from=since,
            recorded_until=until,
        )
        if institution:
            request.institution.CopyFrom(institutions.to_wire(institutions.parse(institution)))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    with auditor.asking():
        found = asyncio.run(run(context.obj, identity, request, most))
    SCREEN.print(_table(found))


async def run(
    place: State, identity: str, request: ledger_pb2.ListAccessesRequest, most: int
) -> list[ledger_pb2.Access]:
    """The newest that match, page by page."""
    found: list[ledger_pb2.Access] = []
    async with auditor.channel(place, identity, "ledger") as channel:
        stub = ledger_pb2_grpc.LedgerStub(channel)
        while len(found) < most:
            request.page_size = min(PAGE, most - len(found))
            page = await stub.ListAccesses(request)
            found += page.accesses
            if not page.next_page_token:
                break
            request.page_token = page.next_page_token
    return found


def _table(found: list[ledger_pb2.Access]) -> Table:
    table = Table("index", "written", "entry", "kind", "institution", "sorts of data", "outcome")
    for access in found:
        entry = access.entry
        kind = ledger_pb2.EntryKind.Name(entry.kind).removeprefix("ENTRY_KIND_").lower()
        outcome = ledger_pb2.Outcome.Name(entry.outcome).removeprefix("OUTCOME_").lower()
        named = entry.HasField("institution")
        table.add_row(
            str(access.index),
            access.recorded_at,
            escape(entry.entry_id),
            kind,
            str(institutions.from_wire(entry.institution)) if named else "",
            escape(", ".join(entry.data_sorts)),
            entry.reason or (outcome if entry.outcome else ""),
        )
    return table
