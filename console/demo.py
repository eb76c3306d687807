"""`crossroads demo`: tells the story, a line a step."""

from __future__ import annotations

import json as codec
import logging
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from mesh import telemetry
from mesh.settings import Settings
from sandbox.story import programme
from sandbox.story.stage import Stage
from sandbox.story.telling import Account, StepFailed

SCREEN = Console(highlight=False)
ERRORS = Console(stderr=True, highlight=False)
NAME_WIDTH = 52


async def run(endpoints: Path, *, json: bool) -> int:
    """Play against the mesh of `endpoints.json`. The exit status: 1 when a step fails."""
    stage = Stage(endpoints)
    telemetry.setup(Settings(name="story", tls=stage.folder("operator/sandbox"), state=stage.state))
    logging.getLogger().setLevel(logging.WARNING)
    began = time.perf_counter()
    try:
        async for account in programme.play(stage):
            _tell(account, json=json)
    except StepFailed as failure:
        _fail(failure, json=json)
        return 1
    finally:
        await stage.close()
    if not json:
        took = time.perf_counter() - began
        SCREEN.print(
            f"\nThe story took {took:.1f} s. Three commands to try next, "
            "the second while a mesh is up (`make up`):",
            soft_wrap=True,
        )
        for command in _next(stage.memory.tickets["Dimona IN"]):
            SCREEN.print(f"  {command}", markup=False, soft_wrap=True)
    return 0


def _next(ticket: str) -> tuple[str, str, str]:
    """What to try after the story, as it can be typed here; the second needs a mesh that is up."""
    called = Path(sys.argv[0])
    crossroads = ".venv/bin/crossroads" if called.parent.match(".venv/bin") else "crossroads"
    return (
        f"{crossroads} trace {ticket}",
        f"{crossroads} ledger export ledger.export && {crossroads} ledger verify ledger.export",
        f"{crossroads} bench",
    )


def _tell(account: Account, *, json: bool) -> None:
    told = account.told
    if json:
        line = {
            "step": account.number,
            "name": account.name,
            "status": told.status,
            "latency_ms": round(account.latency_ms, 1),
            "ticket": told.ticket,
            "trace_id": account.trace_id,
            "details": told.details,
        }
        sys.stdout.write(codec.dumps(line, ensure_ascii=False) + "\n")
        sys.stdout.flush()
        return
    head = Text(f"{account.number:>2}. ", style="bold")
    head.append(f"{account.name:<{NAME_WIDTH}}")
    head.append(f" {told.status:<22}", style="green")
    head.append(f" {account.latency_ms:>7.0f} ms ", style="cyan")
    head.append(f" {told.ticket}", style="bold")
    SCREEN.print(head, soft_wrap=True)
    for detail in told.details:
        SCREEN.print(f"      [dim]{escape(detail)}[/dim]", soft_wrap=True)


def _fail(failure: StepFailed, *, json: bool) -> None:
    if json:
        sys.stdout.write(codec.dumps({"failed": failure.step, "why": str(failure)}) + "\n")
        return
    ERRORS.print(f"Failed: {failure.step}: {failure}", style="red", markup=False)
