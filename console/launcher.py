"""The launcher: it starts a mesh on this machine, keeps it running, and stops it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from sqlalchemy import URL, make_url

from console import databases, endpoints, lots, processes, readiness, topology
from console.authority import Authority
from console.child import Child
from console.endpoints import Endpoints
from console.postgres import ADMIN, Postgres
from console.state import PROJECT, State
from console.topology import Deployable
from sandbox import cast

PATIENCE_S = 120.0
Tell = Callable[[str], None]


class AlreadyUp(Exception):  # noqa: N818 - it states what is so
    """Another supervisor holds the state folder."""


class NotReady(Exception):  # noqa: N818 - it states what is so
    """A process does not serve in time; the text names it and its log."""


class Mesh:
    """The processes of one mesh, under supervision from `start` to `stop`.

    `tell` hears what is being waited for. `external` is an administrator's URL of a real
    database server, which then takes the place of the embedded one.
    """

    def __init__(
        self,
        state: State,
        tell: Tell,
        *,
        external: str = "",
        deployables: Sequence[Deployable] = topology.DEPLOYABLES,
        trace_ratio: float | None = None,
    ) -> None:
        self._state = state
        self._tell = tell
        self._external = external
        self._deployables = deployables
        self._trace_ratio = trace_ratio
        self._children: dict[str, Child] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._lock: TextIO | None = None
        self.endpoints: Endpoints

    async def start(self) -> None:
        """Return when everything serves. Raises AlreadyUp, FailedStart or NotReady."""
        self._lock = self._state.lock()
        if self._lock is None:
            raise AlreadyUp("the mesh is up already: see `crossroads status`")
        try:
            self.clear()
            await self._start()
        except BaseException:
            await self.stop()
            raise

    def clear(self) -> None:
        """End what a killed supervisor left running."""
        self._state.endpoints.unlink(missing_ok=True)
        left = processes.load(self._state.roster)
        if left is not None:
            processes.stop(left.processes.values())

    async def failed(self) -> None:
        """Return only by raising: FailedStart of a process that keeps ending."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()

    async def _start(self) -> None:
        self._tell("certificates")
        folders = topology.issue(Authority(self._state.pki))
        lots.prepare(self._state.lots, cast.SENDERS)
        admin = await self._database()
        self._tell("databases")
        owners = {each.name for each in self._deployables if each.has_database}
        passwords = {
            name: self._state.password(name) for name in sorted({*databases.SERVICES, *owners})
        }
        urls = await asyncio.to_thread(databases.ensure, admin, passwords)
        names = [deployable.name for deployable in self._deployables]
        addresses = endpoints.choose(names, self._state.ports)
        for deployable in self._deployables:
            tls = folders[deployable.identity]
            self._serve(deployable, self._environment(deployable, tls, addresses, urls))
        await self._until_ready(addresses, readiness.Readiness(folders[topology.OPERATOR]))
        self.endpoints = Endpoints(
            addresses=addresses,
            ca=str(self._state.pki / "ca.pem"),
            identities=endpoints.identities(folders),
            pid=os.getpid(),
            database=admin.render_as_string(hide_password=False),
        )
        self.endpoints.save(self._state.endpoints)

    async def _database(self) -> URL:
        """The administrator's URL of a server that answers: theirs, or ours, started here."""
        if self._external:
            return make_url(self._external).set(drivername="postgresql+psycopg")
        self._tell("PostgreSQL")
        server = Postgres(
            self._state.postgres, self._state.password(ADMIN), self._state.log("postgres")
        )

        def command() -> list[str]:
            server.prepare()
            return server.command()

        child = self._child("postgres", command, dict(os.environ), signal.SIGINT)
        await self._unless_failed(_until(server.answers), "postgres")
        child.served = True
        await asyncio.to_thread(databases.close_to_others, server.admin)
        return server.admin

    def _serve(self, deployable: Deployable, environment: Mapping[str, str]) -> None:
        command = [sys.executable, "-m", deployable.module]
        self._child(deployable.name, lambda: command, environment, signal.SIGTERM)

    def _child(
        self,
        name: str,
        command: Callable[[], list[str]],
        environment: Mapping[str, str],
        stop_with: signal.Signals,
    ) -> Child:
        child = Child(
            name,
            command,
            environment=environment,
            log=self._state.log(name),
            changed=self._note,
            stop_with=stop_with,
        )
        self._children[name] = child
        self._tasks.add(asyncio.create_task(child.run(), name=name))
        return child

    def _note(self) -> None:
        """Write down who runs, for `status`, for `down`, and for whoever comes after a crash."""
        supervisor = processes.of(os.getpid())
        assert supervisor is not None
        running = {name: c.process for name, c in self._children.items() if c.process}
        processes.Roster(supervisor, running).save(self._state.roster)

    async def _until_ready(self, addresses: Mapping[str, str], ready: readiness.Readiness) -> None:
        waiting = set(addresses)

        async def wait(name: str, address: str) -> None:
            await ready.wait(name, address)
            self._children[name].served = True
            waiting.discard(name)
            self._tell(f"waiting for {', '.join(sorted(waiting))}")

        async def wait_for_all() -> None:
            async with asyncio.TaskGroup() as group:
                for name, address in addresses.items():
                    group.create_task(wait(name, address))

        self._tell(f"waiting for {', '.join(sorted(waiting))}")
        await self._unless_failed(wait_for_all(), waiting)

    async def _unless_failed(self, work: Coroutine[Any, Any, None], names: str | set[str]) -> None:
        """Do the work; give up when a process keeps failing or it takes too long."""
        working = asyncio.create_task(work)
        failing = asyncio.create_task(self.failed())
        try:
            done, _ = await asyncio.wait(
                [working, failing], timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                late = names if isinstance(names, str) else ", ".join(sorted(names))
                raise NotReady(f"{late} does not serve; see the logs in {self._state.logs}")
            for task in done:
                task.result()
        finally:
            for task in (working, failing):
                task.cancel()
            await asyncio.gather(working, failing, return_exceptions=True)

    def _environment(
        self,
        deployable: Deployable,
        tls: Path,
        addresses: Mapping[str, str],
        urls: Mapping[str, str],
    ) -> dict[str, str]:
        settings = {
            "CROSSROADS_NAME": deployable.name,
            "CROSSROADS_LISTEN": addresses[deployable.name],
            "CROSSROADS_TLS": str(tls),
            "CROSSROADS_STATE": str(self._state.root),
            "CROSSROADS_DATABASE_URL": urls[deployable.name] if deployable.has_database else "",
        }
        for name, value in topology.settings(deployable, addresses).items():
            text = value if isinstance(value, str) else json.dumps(value)
            settings[f"CROSSROADS_{name.upper()}"] = text
        if self._trace_ratio is not None:
            settings["CROSSROADS_TRACE_RATIO"] = str(self._trace_ratio)
        if deployable.name == "gateway":
            settings["CROSSROADS_LOTS"] = str(self._state.lots)
        path = os.pathsep.join([str(PROJECT), str(PROJECT / "generated")])
        return {**os.environ, **settings, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}

    async def stop(self) -> None:
        """Services first, all at once; the database after them."""
        self._state.endpoints.unlink(missing_ok=True)
        services = [child for name, child in self._children.items() if name != "postgres"]
        await asyncio.gather(*(child.stop() for child in services))
        if (database := self._children.get("postgres")) is not None:
            await database.stop(patience_s=30.0)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._lock is not None:
            self._state.roster.unlink(missing_ok=True)
            self._lock.close()


async def _until(answers: Callable[[], bool]) -> None:
    while not await asyncio.to_thread(answers):  # noqa: ASYNC110 - it is another process
        await asyncio.sleep(0.05)
