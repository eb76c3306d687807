"""What an auditor does with the ledger of a told story: replay, reconcile, search."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, LiteralString

import httpx
import psycopg
import pytest
from crossroads.ledger.v1 import ledger_pb2
from crossroads.repertory.v1 import repertory_pb2
from crossroads.router.v1 import exchange_pb2
from crossroads.types.v1 import types_pb2
from psycopg import sql
from sqlalchemy import make_url

from console import databases, reconciliation, replay, search, state
from console.auditor import AUDITOR
from console.state import State
from mesh import clock
from sandbox import cast
from sandbox.story.stage import Stage
from services.ledger.reconciliation import Fault
from tests.journeys.test_story import tell


@pytest.fixture(scope="module")
async def place(mesh_up: dict[str, Any]) -> State:
    """A mesh in which the story was told."""
    folder = Path(mesh_up["state"])
    await tell(folder)
    return State(folder)


@pytest.fixture
async def stage(place: State) -> AsyncIterator[Stage]:
    stage = Stage(place.endpoints)
    yield stage
    await stage.close()


async def test_every_decision_made_again_is_the_same(place: State) -> None:
    done = await replay.run(place, AUDITOR)
    assert (done.differences, done.incomplete) == ({}, [])
    assert done.same > 20


async def test_it_is_the_same_after_policy_and_persons_changed(place: State, stage: Stage) -> None:
    """The welfare centre leaves the network, and before that it knows Lina no more."""
    question = exchange_pb2.ConsultRequest(
        ssin=cast.LINA,
        data_sorts=["household_composition", "income"],
        quality=1,
        purpose="living_wage_enquiry",
        period=_today(),
    )
    centre = stage.exchange("institution/17/1")
    ticket = (await centre.Consult(question)).ticket
    operator, auditor = stage.repertory("operator/sandbox"), stage.repertory(AUDITOR)
    policy = await auditor.GetPolicy(repertory_pb2.GetPolicyRequest())
    standing = next(one for one in policy.institutions if one.institution.sector == 17)
    gone = repertory_pb2.InstitutionRecord()
    gone.CopyFrom(standing)
    gone.period.CopyFrom(types_pb2.Period(begin="1990-01-01", end="1991-01-01"))
    register = stage.repertory("institution/17/1")
    listed = repertory_pb2.ListInscriptionsRequest(ssin=cast.LINA, on=str(clock.today()))
    lines = (await register.ListInscriptions(listed)).inscriptions
    assert lines
    try:
        for number, line in enumerate(lines):
            await register.End(
                repertory_pb2.EndRequest(
                    request_id=stage.request_id(f"audit-{number}"), inscription=line
                )
            )
        await operator.PutInstitution(repertory_pb2.PutInstitutionRequest(institution=gone))
        done = await replay.run(place, AUDITOR, tickets=frozenset({ticket}))
        assert (done.same, done.differences, done.incomplete) == (1, {}, [])
        assert (await replay.run(place, AUDITOR)).differences == {}
    finally:
        await operator.PutInstitution(repertory_pb2.PutInstitutionRequest(institution=standing))
        await register.Register(
            repertory_pb2.RegisterRequest(
                request_id=stage.request_id("audit-back"), inscriptions=lines
            )
        )
    assert (await replay.run(place, AUDITOR)).differences == {}


async def test_the_ledger_and_the_records_agree(place: State) -> None:
    count, found = await reconciliation.run(place, AUDITOR)
    assert found == ()
    assert count > 20


RECORDS: dict[str, tuple[str, str, LiteralString, LiteralString, Fault]] = {
    "an entry is gone": (
        *("ledger", "entries"),
        "content LIKE '%%/mutation%%'",
        "DELETE FROM entries WHERE ticket = %(ticket)s",
        Fault.MISSING,
    ),
    "an entry is altered": (
        *("ledger", "entries"),
        "content LIKE '%%/mutation%%'",
        r"UPDATE entries SET content = content || '\x5a0161' WHERE ticket = %(ticket)s",
        Fault.ALTERED,
    ),
    "a mutation is gone": (
        *("router", "mutations"),
        "true",
        "DELETE FROM mutations WHERE ticket = %(ticket)s",
        Fault.EXTRA,
    ),
    "a mutation was told otherwise": (
        *("router", "mutations"),
        "written IS NOT NULL",
        (
            "UPDATE mutations SET written = jsonb_build_object(%(ticket)s || '/mutation', "
            "repeat('0', 64)) WHERE ticket = %(ticket)s"
        ),
        Fault.ALTERED,
    ),
    "a change in the register of persons is gone": (
        *("repertory", "requests"),
        "written IS NOT NULL",
        "DELETE FROM requests WHERE ticket = %(ticket)s",
        Fault.EXTRA,
    ),
    "a change in the register of persons was told otherwise": (
        *("repertory", "requests"),
        "written IS NOT NULL",
        (
            "UPDATE requests SET written = jsonb_build_object(%(ticket)s || '/inscription/7', "
            "repeat('0', 64)) WHERE ticket = %(ticket)s"
        ),
        Fault.MISSING,
    ),
}


@pytest.mark.parametrize("what", RECORDS)
async def test_whoever_tampers_is_found(place: State, what: str) -> None:
    database, table, where, statement, fault = RECORDS[what]
    with _tampering(place, database, table, where) as (connection, ticket):
        connection.execute(statement, {"ticket": ticket})
        _, found = await reconciliation.run(place, AUDITOR)
        assert fault in {one.fault for one in found}
        assert {one.entry_id.partition("/")[0] for one in found} == {ticket}
    assert (await reconciliation.run(place, AUDITOR))[1] == ()


async def test_deliveries_are_reconciled(place: State) -> None:
    with _database(place, "router") as connection:
        (kept,) = connection.execute(
            "SELECT entry_id FROM deliveries ORDER BY position LIMIT 1"
        ).fetchall()
        for entry_id, fault in ((f"{kept[0]}X", Fault.MISSING), ("", Fault.EXTRA)):
            connection.execute(
                "UPDATE deliveries SET entry_id = %s WHERE entry_id = %s",
                [entry_id or "NONE/0/0", kept[0]],
            )
            _, found = await reconciliation.run(place, AUDITOR)
            connection.execute(
                "UPDATE deliveries SET entry_id = %s WHERE entry_id = %s",
                [kept[0], entry_id or "NONE/0/0"],
            )
            assert fault in {one.fault for one in found}
            assert (Fault.EXTRA, kept[0]) in {(one.fault, one.entry_id) for one in found}
    assert (await reconciliation.run(place, AUDITOR))[1] == ()


async def test_a_caller_turned_away_by_the_gateway_is_found(place: State, stage: Stage) -> None:
    began = clock.rfc3339(clock.now() - timedelta(seconds=1))
    path = cast.REVOKED.partition("#")[0]
    async with stage.https(cast.REVOKED) as revoked:
        answer: httpx.Response = await revoked.get("/ssdn?wsdl")
    assert answer.status_code == 401
    request = ledger_pb2.ListAccessesRequest(kind=ledger_pb2.ENTRY_KIND_DOOR, recorded_from=began)
    entries = [access.entry for access in await search.run(place, AUDITOR, request, 100)]
    (entry,) = [one for one in entries if one.content == b"GET describe"]
    assert (entry.caller, entry.reason, entry.ssin) == (path, "CERTIFICATE_REVOKED", "")


async def test_the_policy_that_was_loaded_is_found(place: State, stage: Stage) -> None:
    request = ledger_pb2.ListAccessesRequest(kind=ledger_pb2.ENTRY_KIND_POLICY)
    found = await search.run(place, AUDITOR, request, 1000)
    records = [repertory_pb2.PolicyRecord.FromString(access.entry.content) for access in found]
    assert records[-1].revision == 1
    assert records[-1].caused_by.startswith("catalogue ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("replay",), "0 are not, 0 cannot be made again."),
        (("reconcile",), "0 discrepancies."),
        (("search", "--institution", "17/1", "--outcome", "refused"), "NOT_AUTHORISED"),
    ],
)
async def test_a_person_does_so_with_the_command(
    place: State, words: tuple[str, ...], said: str
) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "console", "--state", str(place.root), "ledger", *words),
        cwd=state.PROJECT,
        env={**os.environ, "COLUMNS": "250"},
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert (process.returncode, said in out.decode()) == (0, True)


def _today() -> types_pb2.Period:
    today = clock.today()
    return types_pb2.Period(begin=str(today), end=str(today + timedelta(days=1)))


@contextmanager
def _database(place: State, name: str) -> Iterator[psycopg.Connection]:
    admin = make_url(state.read(place.endpoints)["database"])
    with databases.connect(admin.set(database=name)) as connection:
        yield connection


@contextmanager
def _tampering(
    place: State, database: str, table: str, where: str
) -> Iterator[tuple[psycopg.Connection, str]]:
    """The rows of the newest exchange of a table, put back at the end."""
    with _database(place, database) as connection:
        newest = sql.SQL("SELECT ticket FROM {} WHERE {} ORDER BY {} DESC LIMIT 1").format(
            sql.Identifier(table),
            sql.SQL(where),
            sql.Identifier({"mutations": "sequence"}.get(table, "position")),
        )
        (found,) = connection.execute(newest).fetchall()
        chosen = {"ticket": found[0]}
        names = {"table": sql.Identifier(table), "kept": sql.Identifier(f"kept_{table}")}
        keep = "CREATE TABLE {kept} AS SELECT * FROM {table} WHERE ticket = %(ticket)s"
        connection.execute(sql.SQL(keep).format(**names), chosen)
        try:
            yield connection, found[0]
        finally:
            for undo in (
                "DELETE FROM {table} WHERE ticket = %(ticket)s",
                "INSERT INTO {table} SELECT * FROM {kept}",
                "DROP TABLE {kept}",
            ):
                connection.execute(sql.SQL(undo).format(**names), chosen)
