"""`crossroads nation`: a whole country on this machine."""

from __future__ import annotations

import time
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from sqlalchemy.engine import make_url

from console import endpoints as endpoints_file
from console.state import State
from sandbox import nation
from services.repertory import bulk

SCREEN = Console()
BYTES_A_PERSON = 306
"""About; so that the bar can tell how far it is."""

app = typer.Typer(no_args_is_help=True, help="A whole country of invented persons.")


@app.callback()
def group() -> None:
    """Keeps `load` a command of its own."""


@app.command()
def load(
    context: typer.Context,
    persons: Annotated[int, typer.Option(min=1, max=nation.MOST_PERSONS)] = 11_700_000,
    skip: Annotated[int, typer.Option(min=0, help="Persons that are there already.")] = 0,
) -> None:
    """Load a country into the repertory of the running mesh, by COPY."""
    place: State = context.obj
    if not place.endpoints.exists():
        SCREEN.print("The mesh is not up. `crossroads up` starts it.")
        raise typer.Exit(1)
    took = fill(endpoints_file.load(place.endpoints).database, skip, persons)
    lines = (persons - skip) * nation.LINES_A_PERSON
    SCREEN.print(f"{lines} lines of {persons - skip} persons in {took:.0f} s")


def fill(admin: str, first: int, last: int) -> float:
    """Load the persons from `first` to `last` with a progress bar; how many seconds it took."""
    url = make_url(admin).set(drivername="postgresql", database="repertory")
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    began = time.perf_counter()
    with Progress(*columns, TimeRemainingColumn(), console=SCREEN) as progress:
        total = (last - first) * BYTES_A_PERSON
        lines = progress.add_task("lines, then their index", total=total)
        bulk.load(
            url.render_as_string(hide_password=False),
            nation.chunks(first, last),
            lambda size: progress.update(lines, advance=size),
        )
        progress.update(lines, completed=total)
    return time.perf_counter() - began
