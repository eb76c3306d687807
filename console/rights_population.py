"""`crossroads rights population`: everybody's rights worked out at once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from crossroads.rights.v1 import upkeep_pb2
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy.engine import make_url

from console import endpoints as endpoints_file
from console import rights_upkeep
from console.state import State
from mesh import database
from services.rights import review, rulebook
from services.rights.crew import Crew, NoDask
from services.rights.differences import Writer
from services.rights.review import Review
from services.rights.store import Store

SCREEN = Console()
RULES = Path(rulebook.__file__).parent


def population(
    context: typer.Context,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only count what would be decided.")
    ] = False,
    right: Annotated[str, typer.Option("--right", help="Only this right.")] = "",
    scheduler: Annotated[
        str, typer.Option("--scheduler", help="Of Dask, such as tcp://10.0.0.1:8786.")
    ] = "",
) -> None:
    """Work out everybody's rights at once, and decide and tell what differs from before."""
    place: State = context.obj
    if not place.endpoints.exists():
        SCREEN.print("The mesh is not up. `crossroads up` starts it.")
        raise typer.Exit(1)
    admin = make_url(endpoints_file.load(place.endpoints).database)
    url = admin.set(database="rights").render_as_string(hide_password=False)
    try:
        last = asyncio.run(reviewed(url, Crew(scheduler), right, dry=dry_run))
    except NoDask as error:
        SCREEN.print(str(error), markup=False)
        raise typer.Exit(2) from error
    counts = [
        upkeep_pb2.DecisionCount(right=of, region=region, kind=kind, number=number)
        for (of, region, kind), number in sorted(last.counts.items())
    ]
    SCREEN.print(rights_upkeep.table(counts))
    verb = "would be decided" if dry_run else "decided"
    SCREEN.print(f"{last.persons} persons looked at, {last.counts.total()} decisions {verb}.")
    if last.left:
        SCREEN.print(
            f"{len(last.left)} persons are left to `crossroads rights reevaluate`: "
            "what was said of them contradicts itself, was corrected, or is to be asked first."
        )


async def reviewed(url: str, crew: Crew, right: str, *, dry: bool) -> review.Progress:
    """With a progress bar; how it ended."""
    rules = rulebook.load(RULES)
    engine = database.engine(url)
    reviewing = Review(rules, Writer(rules, Store(engine), engine), url, crew)
    columns = (TextColumn("persons"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        with Progress(*columns, console=SCREEN) as shown:
            bar = shown.add_task("persons", total=None)
            async for done in reviewing.run([right] if right else list(rules.rules), dry=dry):
                shown.update(bar, completed=done.persons, total=done.of_persons)
                last = done
    finally:
        await engine.dispose()
    return last
