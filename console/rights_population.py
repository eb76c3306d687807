"""Everybody's rights worked out at once, for `crossroads rights reevaluate --at-once`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from console import endpoints as endpoints_file
from console.state import State
from mesh import clock, database
from services.rights import review, rulebook
from services.rights.crew import Crew
from services.rights.differences import Writer
from services.rights.review import Review
from services.rights.run_store import OPERATOR, RunStore
from services.rights.store import Store

SCREEN = Console()
RULES = Path(rulebook.__file__).parent


async def reviewed(place: State, crew: Crew, right: str, *, dry: bool) -> review.Progress | None:
    """With a progress bar; None where a run goes on with those whom a review left.

    Unless dry, whoever is left is kept for the engine, which decides them one at a time.
    Raises NoDask.
    """
    admin = make_url(endpoints_file.load(place.endpoints).database)
    engine = database.engine(admin.set(database="rights").render_as_string(hide_password=False))
    try:
        return await looked_at(engine, crew, right, clock.now(), dry=dry)
    finally:
        await engine.dispose()


async def looked_at(
    engine: AsyncEngine, crew: Crew, right: str, now: datetime, *, dry: bool
) -> review.Progress | None:
    """The same in a database."""
    rules, runs = rulebook.load(RULES), RunStore(engine)
    rights = [right] if right else sorted(rules.rules)
    if not dry and await _goes_on(runs, rights):
        return None
    url = engine.url.render_as_string(hide_password=False)
    reviewing = Review(rules, Writer(rules, Store(engine), engine), url, crew)
    columns = (TextColumn("persons"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=SCREEN) as shown:
        bar = shown.add_task("persons", total=None)
        async for done in reviewing.run(rights, dry=dry):
            shown.update(bar, completed=done.persons, total=done.of_persons)
            last = done
    if not dry:
        await runs.narrow(rights, last.left, last.persons, last.counts, now)
    return last


async def _goes_on(runs: RunStore, rights: list[str]) -> bool:
    under_way = await runs.under_way(OPERATOR)
    return any(list(run.rights) == rights and run.left is not None for run in under_way)
