"""`crossroads receipt`: fetch the key of receipts, and verify one offline."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import Annotated

import typer
from crossroads.router.v1 import exchange_pb2, exchange_pb2_grpc
from google.protobuf.message import DecodeError
from rich.console import Console
from rich.markup import escape

from console import auditor
from console.auditor import ERRORS
from console.state import State
from mesh import clock, notes
from mesh.notes import Untrusted
from services.router import receipt

SCREEN = Console()

app = typer.Typer(no_args_is_help=True, help="Fetch the key of receipts, verify a receipt.")


@app.command()
def key(
    context: typer.Context,
    identity: Annotated[str, typer.Option("--as", help="The auditor to be.")] = auditor.AUDITOR,
) -> None:
    """Print the key by which receipts are verified, as the mesh tells it."""
    with auditor.asking():
        told = asyncio.run(_key(context.obj, identity))
    SCREEN.print(told, highlight=False, markup=False, soft_wrap=True)


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="A receipt.", exists=True, dir_okay=False)],
    key: Annotated[str, typer.Option("--key", help="The verifier key of receipts.")],
    mutation: Annotated[
        Path | None,
        typer.Option(
            "--mutation",
            help="The mutation that was published, serialised.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
) -> None:
    """Verify a receipt. Exit status 0 if it holds, 1 if not, 2 if the key or mutation is none."""
    try:
        trusted = notes.parse_key(key)
        digest = _digest(mutation) if mutation else None
    except (Untrusted, DecodeError) as error:
        ERRORS.print(f"{escape(str(file))} cannot be verified: {escape(str(error))}.")
        raise typer.Exit(2) from error
    try:
        found = receipt.open_receipt(file.read_text("utf-8"), trusted)
    except (Untrusted, UnicodeDecodeError) as error:
        SCREEN.print(f"[red]The receipt does not hold[/red]: {escape(str(error))}.")
        raise typer.Exit(1) from error
    if digest not in {None, found.digest}:
        SCREEN.print("[red]The receipt does not hold[/red]: it is that of another mutation.")
        raise typer.Exit(1)
    moment = clock.rfc3339(found.stored_at)
    SCREEN.print(f"[green]The receipt holds[/green]: {found.ticket}, stored {moment}.")
    if digest is None:
        SCREEN.print("Give --mutation to be sure of what it is the receipt.")


def _digest(file: Path) -> bytes:
    """As the router takes it. Raises DecodeError."""
    read = exchange_pb2.Mutation.FromString(file.read_bytes())
    return hashlib.sha256(read.SerializeToString(deterministic=True)).digest()


async def _key(place: State, identity: str) -> str:
    async with auditor.channel(place, identity, "router") as channel:
        stub = exchange_pb2_grpc.ExchangeStub(channel)
        answer: exchange_pb2.GetReceiptKeyResponse = await stub.GetReceiptKey(
            exchange_pb2.GetReceiptKeyRequest()
        )
    return answer.verifier_key
