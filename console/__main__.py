"""The `crossroads` command."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer
from rich.console import Console

from console import endpoints as endpoints_file
from console import (
    institution,
    ledger,
    nation,
    processes,
    readiness,
    receipt,
    rights,
    schemas,
    state,
    topology,
    traces,
    view,
)
from console.child import FailedStart
from console.launcher import AlreadyUp, Mesh, NotReady
from console.postgres import PostgresError
from console.processes import Roster
from console.state import State
from console.user import NoOrdinaryUser
from sandbox import cast

SCREEN = Console()
ERRORS = Console(stderr=True)
PATIENCE_S = 60.0

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A crossroads bank for social security, on this machine.",
)
app.add_typer(institution.app, name="institution")
app.add_typer(ledger.app, name="ledger")
app.add_typer(nation.app, name="nation")
app.add_typer(receipt.app, name="receipt")
app.add_typer(rights.app, name="rights")
app.add_typer(schemas.app, name="schemas")


@app.callback()
def place(
    context: typer.Context,
    folder: Annotated[
        Path | None,
        typer.Option("--state", envvar="CROSSROADS_STATE", help="Where the mesh keeps its state."),
    ] = None,
) -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    context.obj = State(folder.resolve()) if folder else state.default()


@app.command()
def up(
    context: typer.Context,
    with_hub: Annotated[
        bool, typer.Option("--with-hub", help="Also the hub of the welfare centres' network.")
    ] = False,
) -> None:
    """Start the mesh and keep it running until Ctrl-C or `crossroads down`."""

    async def serve() -> int:
        async with _mesh(context.obj, SCREEN, with_hub=with_hub) as mesh:
            SCREEN.print(view.welcome(mesh.endpoints, context.obj.endpoints))
            SCREEN.print("Ctrl-C stops it.")
            await _hold()
        return 0

    _exit_with(serve())


@app.command()
def demo(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Stop the mesh after the story.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the steps as JSON lines.")] = False,
) -> None:
    """Tell the story of one declaration, from the payroll package to the social tariff."""
    from console import demo as story  # noqa: PLC0415 - only this command needs it

    place: State = context.obj

    async def tell() -> int:
        roster = _roster(place)
        if roster is not None and roster.processes.keys() & {one.name for one in topology.HUB}:
            ERRORS.print(
                f"The story is of a mesh in which {cast.NETWORK} is one welfare centre and not a "
                "network. `crossroads down`, then tell it."
            )
            return 1
        if roster is not None and place.endpoints.exists():
            return await story.run(place.endpoints, json=as_json)
        async with _mesh(place, ERRORS if as_json else SCREEN):
            code = await story.run(place.endpoints, json=as_json)
            if code == 0 and not once:
                ERRORS.print("The mesh stays up. Ctrl-C stops it.")
                await _hold()
        return code

    _exit_with(tell())


@app.command()
def bench(
    context: typer.Context,
    only: Annotated[str, typer.Option(help="The one thing to measure.")] = "",
) -> None:
    """Measure the running mesh, or a fresh one, against yardsticks in the same run."""
    from console import bench as measuring  # noqa: PLC0415 - only this command needs it

    _exit_with(measuring.run(context.obj, only=only))


@app.command()
def status(context: typer.Context) -> None:
    """Say which processes run and whether they serve. Exit status 1 unless all do."""
    place: State = context.obj
    roster = _roster(place)
    if roster is None:
        SCREEN.print("The mesh is not up. `crossroads up` starts it.")
        raise typer.Exit(1)
    serving = asyncio.run(_serving(place))
    SCREEN.print(view.health(roster, serving))
    raise typer.Exit(0 if serving >= set(roster.processes) else 1)


@app.command()
def down(context: typer.Context) -> None:
    """Stop the mesh, wherever it was started."""
    place: State = context.obj
    roster = processes.load(place.roster)
    if roster is None:
        SCREEN.print("The mesh is not up.")
        return
    with SCREEN.status("stopping"):
        processes.stop([roster.supervisor], PATIENCE_S)
        processes.stop(roster.processes.values())
    place.endpoints.unlink(missing_ok=True)
    place.roster.unlink(missing_ok=True)
    SCREEN.print("The mesh is down.")


@app.command()
def trace(context: typer.Context, ticket: str) -> None:
    """Draw the waterfall of one exchange."""
    place: State = context.obj
    found = traces.find(place.traces, ticket)
    if not found:
        ERRORS.print(f"No trace of {ticket} is kept in {place.traces}.")
        raise typer.Exit(1)
    SCREEN.print(traces.draw(traces.tree(found)))


@contextlib.asynccontextmanager
async def _mesh(place: State, screen: Console, *, with_hub: bool = False) -> AsyncIterator[Mesh]:
    """A mesh of this process, with the wait for it shown."""
    began = time.monotonic()
    with screen.status("starting") as shown:
        mesh = Mesh(
            place,
            lambda what: shown.update(f"starting: {what}"),
            external=os.environ.get("CROSSROADS_DATABASE_URL", ""),
            deployables=(*topology.DEPLOYABLES, *(topology.HUB if with_hub else ())),
        )
        await mesh.start()
    try:
        screen.print(f"The mesh serves after {time.monotonic() - began:.1f} s.")
        yield mesh
    finally:
        with screen.status("stopping"):
            await mesh.stop()


async def _hold() -> None:
    """Wait for the signal that ends it."""
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.Event().wait()


def _exit_with(work: Coroutine[Any, Any, int]) -> None:
    """Run to the end or to the first SIGINT, SIGTERM or SIGHUP, and stop cleanly either way."""

    async def main() -> int:
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()
        asked: list[int] = []

        def stop(number: int) -> None:
            if not asked:  # a second one must not interrupt the stop
                asked.append(number)
                task.cancel()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, stop, number)
        try:
            return await task
        except asyncio.CancelledError:
            return 128 + asked[0] if asked else 1

    try:
        code = asyncio.run(main())
    except (AlreadyUp, FailedStart, NoOrdinaryUser, NotReady, PostgresError) as error:
        ERRORS.print(str(error), style="red", markup=False)
        code = 1
    raise typer.Exit(code)


def _roster(place: State) -> Roster | None:
    """The running mesh of this state folder, if there is one."""
    roster = processes.load(place.roster)
    return roster if roster is not None and roster.supervisor.find() else None


async def _serving(place: State) -> set[str]:
    """The names of the processes that serve; PostgreSQL does where its process lives."""
    roster = _roster(place)
    if roster is None or not place.endpoints.exists():
        return set()
    addresses = endpoints_file.load(place.endpoints).addresses
    ask = readiness.Readiness(place.pki / topology.OPERATOR)
    answers = await asyncio.gather(*(ask.serves(*named) for named in addresses.items()))
    serving = {name for name, serves in zip(addresses, answers, strict=True) if serves}
    database = roster.processes.get("postgres")
    return serving | ({"postgres"} if database is not None and database.find() else set())


if __name__ == "__main__":
    app()
