"""`crossroads ledger`: export, verify, replay, reconcile and search the ledger."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path
from typing import Annotated

import typer
from crossroads.ledger.v1 import ledger_pb2, ledger_pb2_grpc
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from console import auditor, reconciliation, replay, search
from console.auditor import ERRORS
from console.state import State
from mesh import notes
from mesh.notes import Untrusted, VerifierKey
from services.ledger import export_file, verifier

MOST_SHOWN = 20
SCREEN = Console()

app = typer.Typer(no_args_is_help=True, help="Export, verify, replay, reconcile, search.")
app.command("replay")(replay.command)
app.command("reconcile")(reconciliation.command)
app.command("search")(search.command)


@app.callback()
def hub(
    context: typer.Context,
    name: Annotated[
        str, typer.Option("--hub", help="The secondary network whose ledger it is.")
    ] = "",
) -> None:
    if name:
        context.obj = dataclasses.replace(context.obj, hub=name)


@app.command()
def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Where to write the export.")],
    identity: Annotated[str, typer.Option("--as", help="The auditor to be.")] = auditor.AUDITOR,
) -> None:
    """Write every entry with its salt, and the signed checkpoint over them, to a file."""
    with auditor.asking():
        count, key = asyncio.run(write(context.obj, identity, file))
    SCREEN.print(f"{count} entries written to {escape(str(file))}. Verifier key:", highlight=False)
    SCREEN.print(key, highlight=False, markup=False, soft_wrap=True)


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="An export.", exists=True, dir_okay=False)],
    key: Annotated[
        str, typer.Option("--key", help="The verifier key, from elsewhere than the file.")
    ] = "",
    tickets: Annotated[
        list[str] | None, typer.Option("--ticket", help="Prove the entries of this exchange.")
    ] = None,
    earlier: Annotated[
        list[Path] | None,
        typer.Option("--extends", help="A checkpoint of before, which the export must extend."),
    ] = None,
    expected: Annotated[
        Path | None,
        typer.Option("--expect", help="The entry_ids there must be, and no others; one a line."),
    ] = None,
) -> None:
    """Verify an export. Exit status 0 if it holds, 1 if not, 2 if it cannot be verified."""
    try:
        trusted = notes.parse_key(key) if key else _key_within(file)
        with file.open("rb") as content:
            report = verifier.verify(
                export_file.read(content),
                trusted,
                tickets=tickets or (),
                earlier=[path.read_text("utf-8") for path in earlier or ()],
            )
    except (Untrusted, export_file.Unreadable) as error:
        ERRORS.print(f"{escape(str(file))} cannot be verified: {error}.")
        raise typer.Exit(2) from error
    wanted = expected.read_text("utf-8").split() if expected else report.entry_ids
    reconciled = verifier.reconcile(report.entry_ids, wanted)
    if report.inclusions:
        SCREEN.print(_inclusions(report))
    _tell_differences(report, reconciled)
    if not report.holds or any((reconciled.missing, reconciled.extra)):
        SCREEN.print("[red]The ledger does not hold.[/red]")
        raise typer.Exit(1)
    assert report.checkpoint is not None
    root = report.checkpoint.root.hex()
    SCREEN.print(f"[green]The ledger holds[/green]: {report.checkpoint.size} entries, root {root}")
    if not key:
        SCREEN.print("The key came with the file; give --key to be sure whose signature it is.")


async def write(place: State, identity: str, file: Path) -> tuple[int, str]:
    """How many entries were written, and the key that verifies them."""
    count, key = 0, ""
    async with auditor.channel(place, identity, "ledger") as channel:
        request = ledger_pb2.ExportRequest()
        with file.open("wb") as out:
            async for message in ledger_pb2_grpc.LedgerStub(channel).Export(request):
                export_file.write(out, message)
                count += len(message.entries)
                key = message.verifier_key or key
    return count, key


def _key_within(file: Path) -> VerifierKey:
    """The key an export names itself. Raises Untrusted where it names none."""
    with file.open("rb") as content:
        named = [m.verifier_key for m in export_file.read(content) if m.verifier_key]
    return notes.parse_key(named[-1] if named else "")


def _inclusions(report: verifier.Report) -> Table:
    table = Table("index", "entry", "kind", "outcome", "inclusion proof")
    for one in report.inclusions:
        kind = ledger_pb2.EntryKind.Name(one.entry.kind).removeprefix("ENTRY_KIND_").lower()
        outcome = ledger_pb2.Outcome.Name(one.entry.outcome).removeprefix("OUTCOME_").lower()
        verdict = f"{'holds' if one.holds else 'FAILS'}, {len(one.path)} hashes"
        if one.entry.outcome == ledger_pb2.OUTCOME_UNSPECIFIED:
            outcome = ""
        table.add_row(str(one.index), escape(one.entry.entry_id), kind, outcome, verdict)
    return table


def _tell_differences(report: verifier.Report, reconciled: verifier.Reconciliation) -> None:
    lines = [
        f"{one.fault.value}: {'' if one.index is None else f'entry {one.index}, '}{one.meaning}"
        for one in report.findings
    ]
    lines += [f"missing: no leaf for {entry_id}" for entry_id in reconciled.missing]
    lines += [f"extra: a leaf for {entry_id}" for entry_id in reconciled.extra]
    for line in lines[:MOST_SHOWN]:
        SCREEN.print(line, style="red", markup=False, highlight=False)
    if len(lines) > MOST_SHOWN:
        SCREEN.print(f"and {len(lines) - MOST_SHOWN} more", style="red")
