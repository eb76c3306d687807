"""An office: an engine, its rule files, and what an operator does with them."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from crossroads.rights.v1 import upkeep_pb2

from services.rights import rulebook
from services.rights.in_force import InForce
from services.rights.reevaluation import Reevaluation
from services.rights.run_store import RunStore
from services.rights.upkeep_servicer import UpkeepServicer
from services.rights.worker import Sweeper
from tests.services.rights import lawbooks, villages
from tests.services.rights.villages import Bench

TARIFF = "social_tariff_energy"
RULES = lawbooks.load(TARIFF)


class Office:
    """An engine, its rule files, and what an operator does with them."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        self.bench, self.folder = bench, folder
        self.runs = RunStore(bench.database)
        loaded = rulebook.load(folder)
        bench.engine.use(loaded)
        self.reevaluation = Reevaluation(loaded, bench.store, self.runs, bench.engine, bench.now)
        sweeper = Sweeper(bench.engine, self.reevaluation)
        self.in_force = InForce(
            folder, loaded, bench.engine.use, self.reevaluation.use, bench.rights.use
        )
        self.upkeep = UpkeepServicer(self.in_force, bench.store, self.reevaluation, sweeper)

    def write(self, before: str, after: str) -> None:
        file = self.folder / "rules" / f"{TARIFF}.yaml"
        text = file.read_text("utf-8")
        assert before in text
        file.write_text(text.replace(before, after), "utf-8")

    async def reload(self) -> upkeep_pb2.ReloadResponse:
        return await self.upkeep.Reload(upkeep_pb2.ReloadRequest(), None)

    async def reevaluate(
        self, *, dry_run: bool = False, most: int = 100
    ) -> list[upkeep_pb2.ReevaluateResponse]:
        """Until it ends, or the caller no longer listens."""
        told = []
        asked = upkeep_pb2.ReevaluateRequest(dry_run=dry_run)
        stream = self.upkeep.Reevaluate(asked, None)
        async for progress in stream:
            told.append(progress)
            if len(told) == most:
                break
        await stream.aclose()  # type: ignore[attr-defined]
        return told


@asynccontextmanager
async def opened(database: str, folder: Path) -> AsyncIterator[Office]:
    """With the small law in that folder."""
    shutil.copy(lawbooks.FIELD, folder)
    shutil.copytree(lawbooks.LAW / "rules", folder / "rules")
    async with villages.opened(database, RULES) as bench:
        yield Office(bench, folder)
