"""Upkeep: everybody again where the law changed, stopped and gone on with, counted beforehand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path

import grpc
import pytest
from crossroads.rights.v1 import upkeep_pb2

from mesh.refusals import Refusal
from services.rights import law
from services.rights.run_store import LAW
from tests.services.rights import offices
from tests.services.rights.offices import TARIFF, Office
from tests.services.rights.villages import wage

WINDOW = "window: &until_new_year {from: start_of_quarter, until: end_of_year}"
LONGER = "window: &until_new_year {from: start_of_quarter, until: end_of_next_year}"


@pytest.fixture
async def office(database: str, tmp_path: Path) -> AsyncIterator[Office]:
    async with offices.opened(database, tmp_path) as office:
        yield office


async def test_rules_in_error_leave_those_in_force(office: Office) -> None:
    office.write("group: domicile", "group: castle")
    with pytest.raises(Refusal) as refused:
        await office.reload()
    assert refused.value.code is grpc.StatusCode.FAILED_PRECONDITION
    where = refused.value.metadata["where"]
    assert where.startswith(f"rules/{TARIFF}.yaml:")
    assert str(office.folder) not in where
    await office.bench.engine.take_in([wage(1)])
    assert len(await office.bench.decisions()) == 1


async def test_a_changed_law_is_applied_to_everybody_once(office: Office) -> None:
    await office.bench.engine.take_in([wage(1)])
    await office.reevaluation.apply_law()
    assert len(await office.bench.decisions()) == 1
    office.write(WINDOW, LONGER)
    assert (await office.reload()).changed
    await office.reevaluation.apply_law()
    await office.reevaluation.apply_law()
    changed, _ = await office.bench.decisions()
    assert changed.period.end == "2028-01-01"
    assert not (await office.reload()).changed


async def test_law_is_applied_on_the_day_it_becomes_known(office: Office) -> None:
    office.write("known_from: 2023-06-01", "known_from: 2026-12-01")
    office.write("valid_from: 2023-07-01", "valid_from: 2026-12-01")
    await office.reload()
    known = office.in_force.rulebook
    before, day = date(2026, 11, 30), date(2026, 12, 1)
    assert law.becoming_known(known, before, day) == {TARIFF}
    assert law.becoming_known(known, day, date(2027, 1, 1)) == frozenset()
    await office.reevaluation.apply_law()
    office.bench.moment = datetime(2026, 12, 1, 9, tzinfo=UTC)
    await office.bench.engine.take_in([wage(1)])
    await office.reevaluation.apply_law()
    assert await office.runs.under_way(LAW) == ()


async def test_a_dry_run_counts_and_leaves_nothing(office: Office) -> None:
    await office.bench.engine.take_in([wage(1)])
    office.write(WINDOW, LONGER)
    await office.reload()
    told = (await office.reevaluate(dry_run=True))[-1]
    assert told.ended
    assert (told.persons, told.of_persons) == (2, 2)
    assert [(c.right, c.region, c.kind, c.number) for c in told.counts] == [
        (TARIFF, "", "CHANGED", 2)
    ]
    assert len(await office.bench.decisions()) == 1
    assert len(await office.bench.waiting("publish")) == 2


async def test_a_run_that_was_stopped_goes_on(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.rights.reevaluation.PAGE", 1)
    await office.bench.engine.take_in([wage(1)])
    office.write(WINDOW, LONGER)
    await office.reload()
    stopped = (await office.reevaluate(most=2))[-1]
    assert (stopped.persons, stopped.ended) == (1, False)
    told = await office.reevaluate()
    assert told[0].persons == 1
    assert (told[-1].persons, told[-1].ended) == (2, True)
    assert [count.number for count in told[-1].counts] == [2]
    assert len(await office.bench.waiting("publish")) == 4
    again = (await office.reevaluate())[-1]
    assert (again.persons, list(again.counts)) == (2, [])


async def test_a_right_that_is_not_there_cannot_be_looked_at(office: Office) -> None:
    request = upkeep_pb2.ReevaluateRequest(right="free_beer")
    with pytest.raises(Refusal) as refused:
        await anext(aiter(office.upkeep.Reevaluate(request, None)))
    assert refused.value.reason == "UNKNOWN_RIGHT"


async def test_the_order_of_rules_and_layout_do_not_change_the_law(office: Office) -> None:
    before = law.digest(office.in_force.rulebook)
    office.write("# From 1 February", "# Since 1 February")
    await office.reload()
    assert law.digest(office.in_force.rulebook) == before
    office.write(WINDOW, LONGER)
    await office.reload()
    assert law.digest(office.in_force.rulebook) != before
