"""Risks recorded while only undeclared quarters counted hear of corrections all the same."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import AsyncEngine

from services.declarations.__main__ import HERE
from tests.services.declarations.risks import forms
from tests.services.declarations.risks.test_worker import Desk

READ = sa.text(
    "SELECT risk_number, version, rests_on FROM risks ORDER BY risk_number, version DESC"
)


@pytest.mark.parametrize("batch", [1, 2, 1000])
async def test_what_a_risk_rests_on_is_filled_from_what_is_stored(
    engine: AsyncEngine, database: str, outside: Any, batch: int
) -> None:
    desk = Desk(engine, database, outside)
    for quarter in ("20263", "20264"):
        await desk.declare(quarter, {"1": 6500}, {"1": 900_000})
    kept = await desk.send(forms.incapacity())
    gone = await desk.send(forms.incapacity("2026-10-01"))
    await desk.send(forms.resumption())
    await desk.send(action="CANCEL", number=gone.number)
    async with engine.begin() as connection:
        before = (await connection.execute(READ)).all()
        await connection.execute(sa.text("UPDATE risks SET rests_on = '{}'"))
        await connection.execute(
            sa.text("UPDATE risks SET rests_on = '{20261}' WHERE risk_number = :number"),
            {"number": gone.number},
        )
        migration = _revision("0050")
        migration.MOST = batch
        await connection.run_sync(migration.read_again)
        after = (await connection.execute(READ)).all()
    current = {row.risk_number: row.rests_on for row in reversed(before)}
    assert {row.risk_number: row.rests_on for row in reversed(after)} == current
    assert (current[kept.number], current[gone.number]) == (["20263", "20264"], [])
    await desk.declare("20263", {"1": 6500}, {"1": 910_000})
    await desk.compare()
    assert len((await desk.risk(kept.number)).risk.differences) == 1


def _revision(number: str) -> Any:
    migrations = HERE / "migrations"
    script = ScriptDirectory(str(migrations), version_locations=[str(migrations / "versions")])
    found: Any = script.get_revision(number)
    return found.module
