"""`crossroads bench`: measures a mesh, the running one or a fresh one of its own."""

from __future__ import annotations

import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from pathlib import Path

from psycopg import sql
from rich.console import Console
from sqlalchemy.engine import make_url

from bench import (
    batch,
    codec,
    consult,
    dimona,
    dmfa,
    ledger,
    lookup,
    overload,
    publish,
    results,
    rights,
    rights_population,
    steady,
)
from bench.oracle import ratios
from bench.results import Measure, against_target
from console import databases, nation, processes, tree
from console import endpoints as endpoints_file
from console.launcher import Mesh
from console.state import PROJECT, State
from mesh import clock
from sandbox.story import programme
from sandbox.story.stage import Stage
from sandbox.story.telling import StepFailed

SCREEN = Console()
ERRORS = Console(stderr=True)
FILE = PROJECT / "bench" / "results" / "latest.json"
READY_TARGET_S = 10.0
TRACE_RATIO = 0.05
"""Of a mesh that is started to be measured; errors and slow calls are kept all the same."""
STORY_TARGET_S = 20.0


async def run(place: State, *, only: str = "") -> int:
    """Measure everything, or only what is named. The exit status."""
    if only and only not in _MEASURES:
        ERRORS.print(f"Nothing is called {only}: {', '.join(_MEASURES)}")
        return 2
    wanted = {name: _MEASURES[name] for name in ([only] if only else EVERY)}
    measures: list[Measure] = []
    async with _mesh(place, measures, wanted) as endpoints:
        for name, measure in wanted.items():
            with _telling(name):
                try:
                    measures += await measure(endpoints)
                except (StepFailed, ChildProcessError) as failure:
                    ERRORS.print(f"Failed: {name}: {failure}", style="red", markup=False)
                    return 1
    SCREEN.print(results.table(measures))
    SCREEN.print(f"on {results.machine()}, commit {results.commit()}", highlight=False)
    results.save(measures, FILE, clock.now())
    SCREEN.print(f"written to {FILE.relative_to(PROJECT)}")
    return 0


def _telling(name: str) -> AbstractContextManager[object]:
    """What is being measured, shown as long as it is; a line where the measure shows more."""
    if name not in WITH_BAR:
        return SCREEN.status(f"measuring: {name}")
    SCREEN.print(f"measuring: {name}")
    return nullcontext()


@asynccontextmanager
async def _mesh(
    place: State, measures: list[Measure], wanted: Collection[str]
) -> AsyncIterator[Path]:
    """The running mesh; or a fresh one, and how long it took to be ready, database and all."""
    if place.endpoints.exists() or ALONE.issuperset(wanted):
        yield place.endpoints
        return
    with tempfile.TemporaryDirectory(prefix="crossroads-bench-") as folder:
        fresh = State(Path(folder))
        with SCREEN.status("starting a mesh") as shown:
            mesh = Mesh(
                fresh, lambda what: shown.update(f"starting: {what}"), trace_ratio=TRACE_RATIO
            )
            began = time.perf_counter()
            await mesh.start()
            took = time.perf_counter() - began
        measures.append(against_target("mesh_ready_s", took, "s", READY_TARGET_S))
        try:
            yield fresh.endpoints
        finally:
            await mesh.stop()


async def _story(endpoints: Path) -> list[Measure]:
    stage = Stage(endpoints)
    began = time.perf_counter()
    try:
        async for _ in programme.play(stage):
            pass
    finally:
        await stage.close()
    return [against_target("story_s", time.perf_counter() - began, "s", STORY_TARGET_S)]


async def _overload(endpoints: Path) -> list[Measure]:
    return await overload.run(endpoints, lambda: _memory_mb(State(endpoints.parent), "router"))


def _memory_mb(place: State, name: str) -> float:
    """What a service's processes hold. Raises ChildProcessError where none lives."""
    roster = processes.load(place.roster)
    named = roster.processes.items() if roster else ()
    living = [found for key, one in named if key.startswith(name) and (found := one.find())]
    if not living:
        raise ChildProcessError(f"no process of {name} lives")
    return sum(found.memory_info().rss for found in living) / 1e6


async def _rights(endpoints: Path) -> list[Measure]:
    return await rights.run(endpoints, lambda: _cpu_s(State(endpoints.parent)))


def _cpu_s(place: State) -> dict[str, float]:
    """Processor seconds that each process of the mesh has used, with its children."""
    roster = processes.load(place.roster)
    named = roster.processes.items() if roster else ()
    used = {}
    for name, one in named:
        if found := one.find():
            family = (found, *found.children(recursive=True))
            used[name] = sum(sum(each.cpu_times()[:2]) for each in family)
    return used


async def _dmfa(endpoints: Path) -> list[Measure]:
    """Only when asked for: it takes minutes."""
    return await dmfa.run(endpoints, lambda: _peak_mb(State(endpoints.parent)))


def _peak_mb(place: State) -> float:
    """The most that the gateway's or the declarations' process has held since it began."""
    roster = processes.load(place.roster)
    named = roster.processes.items() if roster else ()
    peaks = [
        int(line.split()[1]) / 1e3
        for key, one in named
        if key.startswith(("gateway", "declarations")) and one.find()
        for line in Path(f"/proc/{one.pid}/status").read_text("ascii").splitlines()
        if line.startswith("VmHWM")
    ]
    return max(peaks)


async def _ledger_proof(endpoints: Path) -> list[Measure]:
    """Only when asked for: it takes minutes and 8 GB."""
    admin = endpoints_file.load(endpoints).database
    return await ledger.run_proof(endpoints, lambda size: tree.fill(admin, size))


async def _oracle(_: Path) -> list[Measure]:
    """Only when asked for: OpenFisca stands in an environment that `make oracle` makes."""
    return await ratios.run()


async def _nation(endpoints: Path) -> list[Measure]:
    """Only when asked for: it takes a quarter of an hour and 15 GB."""
    admin = endpoints_file.load(endpoints).database
    return await lookup.run(endpoints, lambda first, last: nation.fill(admin, first, last))


async def _rights_population(endpoints: Path) -> list[Measure]:
    """Only when asked for: it takes minutes; in a database of its own beside those of the mesh."""
    admin = make_url(endpoints_file.load(endpoints).database)
    name = sql.Identifier("bench_population")
    with databases.connect(admin) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(name))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
    url = admin.set(database="bench_population").render_as_string(hide_password=False)
    try:
        return await rights_population.run(url)
    finally:
        with databases.connect(admin) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


EVERY = (
    "codec",
    "story",
    "consult",
    "steady",
    "batch",
    "ledger",
    "overload",
    "dimona",
    "publish",
    "rights",
)
"""Publishing comes last: what it leaves in the sandbox's mailboxes would weigh on the others."""
WITH_BAR = frozenset({"ledger_proof", "nation", "rights_population"})
"""Show how far they are themselves; two live displays would write over each other."""
ALONE = frozenset({"oracle"})
"""Need no mesh."""
_MEASURES: dict[str, Callable[[Path], Awaitable[list[Measure]]]] = {
    "codec": codec.run,
    "story": _story,
    "consult": consult.run,
    "steady": steady.run,
    "batch": batch.run,
    "publish": publish.run,
    "ledger": ledger.run,
    "dimona": dimona.run,
    "overload": _overload,
    "rights": _rights,
    "rights_population": _rights_population,
    "dmfa": _dmfa,
    "ledger_proof": _ledger_proof,
    "nation": _nation,
    "oracle": _oracle,
}
