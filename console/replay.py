"""`crossroads ledger replay`: makes the decisions in the ledger again, and compares."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer
from crossroads.ledger.v1 import ledger_pb2, ledger_pb2_grpc
from rich.console import Console

from console import auditor
from console.past import PastRepertory
from console.state import State
from services.ledger import export_file
from services.router import replay
from services.router.replay import Incomplete, Past, PastUntold

MOST_SHOWN = 50
SCREEN = Console()


@dataclass
class Replayed:
    """How many decisions were made again, and what was otherwise, by entry_id."""

    same: int = 0
    incomplete: list[str] = field(default_factory=list)
    differences: dict[str, tuple[str, ...]] = field(default_factory=dict)


def command(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Option("--export", help="Read this export instead of the ledger.", exists=True),
    ] = None,
    tickets: Annotated[
        list[str] | None, typer.Option("--ticket", help="Only the decisions of this exchange.")
    ] = None,
    identity: Annotated[str, typer.Option("--as", help="The auditor to be.")] = auditor.AUDITOR,
) -> None:
    """Make past decisions again from the policy and the persons as known then.

    Exit status 0 if each is the same, 1 if not.
    """
    with auditor.asking():
        done = asyncio.run(run(context.obj, identity, file, frozenset(tickets or ())))
    _tell(done)
    raise typer.Exit(1 if done.differences or done.incomplete else 0)


async def run(
    place: State, identity: str, file: Path | None = None, tickets: frozenset[str] = frozenset()
) -> Replayed:
    """Make every decision again that the ledger, or an export of it, holds."""
    done = Replayed()
    async with auditor.channel(place, identity, "repertory") as channel:
        repertory = PastRepertory(channel)
        async for entries in _pages(place, identity, file):
            wanted = [
                entry
                for entry in entries
                if entry.kind in replay.DECISIONS and (not tickets or entry.ticket in tickets)
            ]
            await _make_again(wanted, repertory, done)
    return done


async def _make_again(
    entries: Sequence[ledger_pb2.Entry], repertory: PastRepertory, done: Replayed
) -> None:
    decisions: list[Past | PastUntold] = []
    for entry in entries:
        try:
            decisions.append(replay.past(entry))
        except Incomplete:
            done.incomplete.append(entry.entry_id)
    persons = await repertory.persons(decisions)
    for one in decisions:
        policy = await repertory.policy(one.revision)
        if policy is None:
            found: tuple[str, ...] = ("the policy never had that revision",)
        else:
            person = persons.get((one.position, one.entry.ssin))
            found = replay.differences(one, policy, person)
        if found:
            done.differences[one.entry.entry_id] = found
        else:
            done.same += 1


async def _pages(
    place: State, identity: str, file: Path | None
) -> AsyncIterator[list[ledger_pb2.Entry]]:
    """The entries, some at a time."""
    if file is not None:
        with file.open("rb") as content:
            for message in export_file.read(content):
                yield _entries(message)
        return
    async with auditor.channel(place, identity, "ledger") as channel:
        stub = ledger_pb2_grpc.LedgerStub(channel)
        async for message in stub.Export(ledger_pb2.ExportRequest()):
            yield _entries(message)


def _entries(message: ledger_pb2.ExportResponse) -> list[ledger_pb2.Entry]:
    return [ledger_pb2.Entry.FromString(exported.entry) for exported in message.entries]


def _tell(done: Replayed) -> None:
    lines = [
        f"{entry_id}: {difference}"
        for entry_id, found in done.differences.items()
        for difference in found
    ]
    lines += [f"{entry_id}: cannot be made again" for entry_id in done.incomplete]
    for line in lines[:MOST_SHOWN]:
        SCREEN.print(line, style="red", markup=False, highlight=False)
    if len(lines) > MOST_SHOWN:
        SCREEN.print(f"and {len(lines) - MOST_SHOWN} more", style="red")
    SCREEN.print(
        f"{done.same} decisions made again are the same, {len(done.differences)} are not, "
        f"{len(done.incomplete)} cannot be made again.",
        highlight=False,
    )
