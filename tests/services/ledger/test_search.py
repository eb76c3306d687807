"""The auditor's search finds what matches all that is given, and nothing else."""

from __future__ import annotations

import importlib.util
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from crossroads.ledger.v1 import ledger_pb2
from sqlalchemy.ext.asyncio import AsyncEngine

from mesh import clock, institutions
from services.ledger import __main__ as process
from tests.services.ledger.test_servicer import append, refusal

Make = Callable[..., ledger_pb2.Entry]
KINDS = (ledger_pb2.ENTRY_KIND_CONSULTATION, ledger_pb2.ENTRY_KIND_DISTRIBUTION)
PLACES = ("", "17/1", "18/1")
OUTCOMES = (ledger_pb2.OUTCOME_ALLOWED, ledger_pb2.OUTCOME_REFUSED)
SORTS: tuple[tuple[str, ...], ...] = ((), ("living_wage",), ("living_wage", "income"))


def entries(entry: Make) -> list[ledger_pb2.Entry]:
    """One of each."""
    made = []
    for number, (kind, place, outcome, sorts) in enumerate(
        itertools.product(KINDS, PLACES, OUTCOMES, SORTS)
    ):
        one = entry(number)
        one.kind, one.outcome = kind, outcome
        one.ClearField("institution")
        if place:
            one.institution.CopyFrom(institutions.to_wire(institutions.parse(place)))
        one.data_sorts[:] = sorts
        made.append(one)
    return made


async def test_it_finds_what_matches_all_that_is_given(ledger: Any, entry: Make) -> None:
    made = entries(entry)
    await append(ledger, *made)
    auditor = ledger.stub("auditor/privacy")
    for kind, place, outcome, sort in itertools.product(
        (ledger_pb2.ENTRY_KIND_UNSPECIFIED, *KINDS),
        PLACES,
        (ledger_pb2.OUTCOME_UNSPECIFIED, *OUTCOMES),
        ("", "living_wage", "income"),
    ):
        if not kind and not place:
            continue
        request = ledger_pb2.ListAccessesRequest(kind=kind, outcome=outcome, data_sort=sort)
        if place:
            request.institution.CopyFrom(institutions.to_wire(institutions.parse(place)))
        found = [a.entry.entry_id for a in (await auditor.ListAccesses(request)).accesses]
        assert found == [
            one.entry_id
            for one in reversed(made)
            if kind in {0, one.kind}
            and outcome in {0, one.outcome}
            and (not sort or sort in one.data_sorts)
            and (not place or place == f"{one.institution.sector}/{one.institution.number}")
        ]


async def test_pages_of_a_search_are_all_of_it(ledger: Any, entry: Make) -> None:
    await append(ledger, *entries(entry))
    auditor = ledger.stub("auditor/privacy")
    request = ledger_pb2.ListAccessesRequest(kind=KINDS[0], page_size=5)
    found: list[int] = []
    while True:
        page = await auditor.ListAccesses(request)
        found += [access.index for access in page.accesses]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert found == list(range(17, -1, -1))


async def test_a_period_is_that_in_which_it_was_written(ledger: Any, entry: Make) -> None:
    await append(ledger, entry(1))
    auditor = ledger.stub("auditor/privacy")
    kind = ledger_pb2.ENTRY_KIND_CONSULTATION
    (first,) = (await auditor.ListAccesses(ledger_pb2.ListAccessesRequest(kind=kind))).accesses
    moment = clock.parse(first.recorded_at)
    for begin, end, count in (
        (moment.replace(year=2020), moment.replace(year=2021), 0),
        (moment.replace(year=2020), moment.replace(year=2099), 1),
        (moment.replace(year=2098), moment.replace(year=2099), 0),
    ):
        request = ledger_pb2.ListAccessesRequest(
            recorded_from=clock.rfc3339(begin), recorded_until=clock.rfc3339(end)
        )
        assert len((await auditor.ListAccesses(request)).accesses) == count


async def test_a_search_must_narrow_and_be_well_formed(ledger: Any) -> None:
    auditor = ledger.stub("auditor/privacy")
    for request in (
        ledger_pb2.ListAccessesRequest(),
        ledger_pb2.ListAccessesRequest(data_sort="living_wage"),
        ledger_pb2.ListAccessesRequest(outcome=ledger_pb2.OUTCOME_REFUSED),
        ledger_pb2.ListAccessesRequest(recorded_from="yesterday"),
        ledger_pb2.ListAccessesRequest(kind=ledger_pb2.EntryKind.ValueType(77)),
    ):
        refused = await refusal(auditor.ListAccesses(request))
        assert refused == ("INVALID_ARGUMENT", "MALFORMED_REQUEST")
    nobody = ledger.stub("citizen/card", ssin="90010100167", folder="citizen/lina")
    other = ledger_pb2.ListAccessesRequest(kind=ledger_pb2.ENTRY_KIND_POLICY)
    assert await refusal(nobody.ListAccesses(other)) == ("PERMISSION_DENIED", "NOT_YOUR_OWN")


async def test_the_gateway_writes_whom_it_turned_away_and_nothing_else(
    ledger: Any, entry: Make
) -> None:
    gateway = ledger.stub("service/gateway")
    door = entry(1, ssin="")
    door.kind = ledger_pb2.ENTRY_KIND_DOOR
    await gateway.Append(ledger_pb2.AppendRequest(entries=[door]))
    for wrong in ([entry(2)], [door, entry(3)]):
        refused = await refusal(gateway.Append(ledger_pb2.AppendRequest(entries=wrong)))
        assert refused == ("PERMISSION_DENIED", "ONLY_THE_DOOR")


@pytest.mark.parametrize("batch", [3, 5000])
async def test_entries_written_before_are_found_after_the_migration(
    ledger: Any, entry: Make, engine: AsyncEngine, batch: int
) -> None:
    made = entries(entry)
    await append(ledger, *made)
    columns = "kind, institution, outcome, data_sorts"
    select = sa.text(f"SELECT {columns} FROM entries ORDER BY position")
    async with engine.begin() as connection:
        before = (await connection.execute(select)).all()
        await connection.execute(
            sa.text("UPDATE entries SET kind=0, institution='', outcome=0, data_sorts='{}'")
        )
        file = process.HERE / "migrations" / "versions" / "0002_search.py"
        migration = _module(file)
        migration.MOST = batch
        await connection.run_sync(migration.read_again)
        assert (await connection.execute(select)).all() == before


def _module(file: Path) -> Any:
    spec = importlib.util.spec_from_file_location("search_migration", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
