"""What the console shows of a mesh: its addresses, its personas, and how it is."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from pathlib import Path

from rich.console import Group
from rich.table import Table

from console.endpoints import Endpoints
from console.processes import Roster
from sandbox import cast


def welcome(endpoints: Endpoints, file: Path) -> Group:
    """Where everything serves, and as whom one can be in the sandbox."""
    return Group(
        _addresses(endpoints), "", _personas(endpoints.addresses), "", f"[dim]{file}[/dim]"
    )


def health(roster: Roster, serving: Iterable[str]) -> Table:
    """One line a process: its number, how long it lives, whether it serves."""
    ready = set(serving)
    table = Table(box=None, pad_edge=False)
    for column in ("process", "pid", "up", "health"):
        table.add_column(column, justify="right" if column in {"pid", "up"} else "left")
    for name, process in roster.processes.items():
        living = process.find() is not None
        table.add_row(
            name,
            str(process.pid) if living else "",
            _lasted(time.time() - process.started) if living else "",
            _verdict(living, name in ready),
        )
    return table


def _verdict(living: bool, ready: bool) -> str:
    if not living:
        return "[red]not running[/red]"
    return "[green]serves[/green]" if ready else "[yellow]not serving[/yellow]"


def _addresses(endpoints: Endpoints) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("process", style="bold")
    table.add_column("address")
    for name, address in endpoints.addresses.items():
        table.add_row(name, f"https://{address}" if name == "gateway" else address)
    return table


def _personas(addresses: Collection[str]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("identity", style="bold")
    table.add_column("who")
    for institution, who in cast.INSTITUTIONS.items():
        table.add_row(f"institution/{institution}", who)
    for member, who in cast.MEMBERS.items() if f"{cast.HUB}-router" in addresses else ():
        table.add_row(f"institution/{member}", who)
    table.add_row(f"employer/{cast.BREWERY}", "the brewery where Lina works")
    table.add_row(f"employer/{cast.BAKERY}", "a bakery")
    for name in cast.CITIZENS:
        table.add_row(f"citizen/{name}", f"{name.capitalize()}, with an identity card")
    return table


def _lasted(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"
