"""`crossroads rights reevaluate` and `reload`: everybody again, and the rules read again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated

import typer
from crossroads.rights.v1 import upkeep_pb2, upkeep_pb2_grpc
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from console import auditor, rights_population
from console.state import State
from console.topology import OPERATOR
from services.rights.crew import Crew, NoDask
from services.rights.run_store import Counts

SCREEN = Console()
KINDS = ("GRANTED", "CHANGED", "ENDED")


def reevaluate(
    context: typer.Context,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only count what would be decided.")
    ] = False,
    right: Annotated[str, typer.Option("--right", help="Only this right.")] = "",
    at_once: Annotated[
        bool, typer.Option("--at-once", help="First everybody at once, then those who are left.")
    ] = False,
    scheduler: Annotated[
        str, typer.Option("--scheduler", help="Of Dask, such as tcp://10.0.0.1:8786; at once.")
    ] = "",
) -> None:
    """Decide everybody's rights again and tell the differences. Ctrl-C stops; again goes on."""
    request = upkeep_pb2.ReevaluateRequest(right=right, dry_run=dry_run)
    if (at_once or scheduler) and _at_once(context.obj, right, scheduler, dry=dry_run):
        return
    try:
        with auditor.asking():
            last = asyncio.run(_watched(context.obj, request))
    except KeyboardInterrupt:
        SCREEN.print("Stopped. The same command goes on from here." if not dry_run else "Stopped.")
        raise typer.Exit(130) from None
    SCREEN.print(table(last.counts))
    verb = "would be decided" if dry_run else "decided"
    decisions = sum(count.number for count in last.counts)
    SCREEN.print(f"{last.persons} persons looked at, {decisions} decisions {verb}.")


def _at_once(place: State, right: str, scheduler: str, *, dry: bool) -> bool:
    """Whether nobody is left to be decided one at a time."""
    if not place.endpoints.exists():
        SCREEN.print("The mesh is not up. `crossroads up` starts it.")
        raise typer.Exit(1)
    try:
        last = asyncio.run(rights_population.reviewed(place, Crew(scheduler), right, dry=dry))
    except NoDask as error:
        SCREEN.print(str(error), markup=False)
        raise typer.Exit(2) from error
    except KeyboardInterrupt:
        SCREEN.print("Stopped. The same command begins anew: what was decided stays decided.")
        raise typer.Exit(130) from None
    if last is None or not dry:
        return False
    SCREEN.print(table(counted(last.counts)))
    SCREEN.print(f"{last.persons} persons, {last.counts.total()} decisions would be decided.")
    SCREEN.print(f"{len(last.left)} persons would be left, to be decided one at a time.")
    return True


def counted(counts: Counts) -> list[upkeep_pb2.DecisionCount]:
    return [
        upkeep_pb2.DecisionCount(right=right, region=region, kind=kind, number=number)
        for (right, region, kind), number in sorted(counts.items())
    ]


def reload(context: typer.Context) -> None:
    """Read the rule files again; where they are in error the rules in force stay."""
    with auditor.asking():
        answer = asyncio.run(_reload(context.obj))
    for version in answer.versions:
        SCREEN.print(version, highlight=False, markup=False)
    SCREEN.print(
        "The law changed: everybody is looked at again." if answer.changed else "Nothing changed."
    )


def table(counts: Sequence[upkeep_pb2.DecisionCount]) -> Table:
    """How many decisions by right and region, a column for each kind."""
    found: dict[tuple[str, str], dict[str, int]] = {}
    for count in counts:
        found.setdefault((count.right, count.region), {})[count.kind] = count.number
    shown = Table("right", "region", *(kind.lower() for kind in KINDS))
    for (right, region), numbers in sorted(found.items()):
        shown.add_row(right, region or "not known", *(str(numbers.get(kind, 0)) for kind in KINDS))
    return shown


async def _watched(
    place: State, request: upkeep_pb2.ReevaluateRequest
) -> upkeep_pb2.ReevaluateResponse:
    last = upkeep_pb2.ReevaluateResponse()
    columns = (TextColumn("persons"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    async with auditor.channel(place, OPERATOR, "rights") as channel:
        with Progress(*columns, console=SCREEN) as shown:
            bar = shown.add_task("persons", total=None)
            stub = upkeep_pb2_grpc.UpkeepStub(channel)
            async for last in stub.Reevaluate(request):
                shown.update(bar, completed=last.persons, total=last.of_persons)
    return last


async def _reload(place: State) -> upkeep_pb2.ReloadResponse:
    async with auditor.channel(place, OPERATOR, "rights") as channel:
        answer: upkeep_pb2.ReloadResponse = await upkeep_pb2_grpc.UpkeepStub(channel).Reload(
            upkeep_pb2.ReloadRequest()
        )
    return answer
