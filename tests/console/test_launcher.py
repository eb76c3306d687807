"""The launcher starts real processes, keeps them running, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio
from sqlalchemy import make_url

from console import databases, endpoints, processes, readiness, topology
from console.child import Child, FailedStart
from console.launcher import AlreadyUp, Mesh
from console.postgres import Postgres
from console.processes import Process
from console.state import State
from console.topology import Deployable

PLAIN = Deployable("repertory", "tests.console.plain_server", ("repertory",), has_database=True)


def quiet(_: str) -> None:
    return None


@pytest.fixture
def place(tmp_path: Path) -> State:
    return State(tmp_path / "state")


@pytest_asyncio.fixture
async def mesh(place: State) -> AsyncIterator[Mesh]:
    mesh = Mesh(place, quiet, deployables=[PLAIN])
    await mesh.start()
    yield mesh
    await mesh.stop()


def roster(place: State) -> processes.Roster:
    found = processes.load(place.roster)
    assert found is not None
    return found


async def until(holds: Callable[[], bool], patience_s: float = 20.0) -> None:
    async with asyncio.timeout(patience_s):
        while not holds():
            await asyncio.sleep(0.05)


async def test_a_mesh_that_started_serves_and_says_where(mesh: Mesh, place: State) -> None:
    found = endpoints.load(place.endpoints)

    assert found == mesh.endpoints
    assert found.pid == os.getpid()
    assert place.endpoints.stat().st_mode & 0o077 == 0
    for identity in ("service/router", "institution/17/1", "institution/17/1#revoked"):
        assert Path(found.identities[identity]["certificate"]).is_file()
        assert Path(found.identities[identity]["key"]).is_file()
    operator = readiness.Readiness(place.pki / topology.OPERATOR)
    assert await operator.serves("repertory", found.addresses["repertory"])
    assert not await operator.serves("router", found.addresses["repertory"])


async def test_a_second_supervisor_is_told_that_one_is_there(mesh: Mesh, place: State) -> None:
    with pytest.raises(AlreadyUp):
        await Mesh(place, quiet, deployables=[PLAIN]).start()
    assert place.endpoints.exists()


@pytest.mark.parametrize("name", ["repertory", "postgres"])
async def test_a_killed_process_comes_back_at_its_address(
    mesh: Mesh, place: State, name: str
) -> None:
    before = roster(place).processes[name]
    os.kill(before.pid, signal.SIGKILL)

    await until(lambda: roster(place).processes[name] != before)
    operator = readiness.Readiness(place.pki / topology.OPERATOR)
    async with asyncio.timeout(20):
        await operator.wait("repertory", mesh.endpoints.addresses["repertory"])
    await until(lambda: _answers(mesh.endpoints.database))


async def test_a_stopped_mesh_leaves_no_process_and_no_endpoints(place: State) -> None:
    mesh = Mesh(place, quiet, deployables=[PLAIN])
    await mesh.start()
    left = roster(place).processes
    await mesh.stop()

    assert {name for name, process in left.items() if process.find()} == set()
    assert not place.endpoints.exists()
    assert not place.roster.exists()


async def test_what_a_killed_supervisor_left_running_is_ended_first(place: State) -> None:
    forked = await asyncio.create_subprocess_shell(
        "sleep 600 >/dev/null 2>&1 & echo $!", stdout=asyncio.subprocess.PIPE
    )
    number, _ = await forked.communicate()
    orphan = processes.of(int(number))
    assert orphan is not None
    processes.Roster(Process(orphan.pid, 0.0), {"router": orphan}).save(place.roster)
    mesh = Mesh(place, quiet, deployables=[PLAIN])
    await mesh.start()
    await mesh.stop()
    assert orphan.find() is None


async def test_a_server_of_theirs_takes_the_place_of_the_embedded_one(
    place: State, postgres: Postgres
) -> None:
    mesh = Mesh(
        place,
        quiet,
        external=postgres.admin.set(drivername="postgresql").render_as_string(hide_password=False),
        deployables=[PLAIN],
    )
    await mesh.start()
    try:
        assert set(roster(place).processes) == {"repertory"}
        with databases.connect(postgres.admin) as connection:
            names = connection.execute("SELECT datname FROM pg_database").fetchall()
        assert set(databases.SERVICES) <= {name for (name,) in names}
    finally:
        await mesh.stop()


async def test_addresses_stay_the_same_from_run_to_run(place: State) -> None:
    first = endpoints.choose(["repertory", "router"], place.ports)
    assert endpoints.choose(["repertory", "router"], place.ports) == first


async def test_a_process_that_never_serves_ends_the_start_with_its_last_words(
    tmp_path: Path,
) -> None:
    child = Child(
        "router",
        lambda: [sys.executable, "-c", "raise SystemExit('no database')"],
        environment=dict(os.environ),
        log=tmp_path / "log",
        changed=lambda: None,
    )
    with pytest.raises(FailedStart, match=r"router does not start:\n(no database\n?)+"):
        await child.run()


def test_a_number_in_use_again_is_another_process() -> None:
    mine = processes.of(os.getpid())
    assert mine is not None
    assert mine.find() is not None
    assert Process(mine.pid, mine.started - 60).find() is None


def _answers(url: str) -> bool:
    try:
        with databases.connect(make_url(url)):
            return True
    except psycopg.OperationalError:
        return False
