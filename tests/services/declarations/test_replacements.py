"""A number that gives way to another: all that is known of the person follows, whatever told so."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from crossroads.attestations.v1 import persons_pb2
from crossroads.router.v1 import exchange_pb2, mailbox_pb2, supplier_pb2
from crossroads.types.v1 import types_pb2
from google.protobuf import any_pb2
from sqlalchemy.ext.asyncio import AsyncEngine

from mesh import clock, institutions
from mesh.periods import Period
from sandbox import quarterly
from services.declarations.dimona.domain import DimonaPeriod
from services.declarations.dimona.store import Store as Periods
from services.declarations.dimona.store import Versioned
from services.declarations.dmfa.domain import Worked
from services.declarations.dmfa.records import Recorded
from services.declarations.dmfa.store import Store as Quarters
from services.declarations.domain import NSSO
from services.declarations.mailbox import Numbers
from services.declarations.replacements import MOVED, Replacements
from services.declarations.risks.domain import Branch, Risk
from services.declarations.risks.domain import State as RiskState
from services.declarations.risks.store import Store as Risks
from services.declarations.supplier import Supplier
from tests.services.declarations.risks import forms

BREWERY, BAKERY = "0400000185", "0400000284"
BIS, MIDDLE, NATIONAL, OTHER = quarterly.ssins(4)
AT = datetime(2026, 10, 20, 9, 30, tzinfo=UTC)


@pytest.fixture
def numbers(engine: AsyncEngine) -> Numbers:
    return Numbers(engine)


def told(old: str, new: str, sort: str = "replaced_number") -> mailbox_pb2.Delivery:
    packed = any_pb2.Any()
    packed.Pack(persons_pb2.NumberReplaced(old_ssin=old, new_ssin=new))
    mutation = exchange_pb2.Mutation(ssin=new, data_sort=sort, attestation=packed)
    return mailbox_pb2.Delivery(position=1, ticket="T" * 15, mutation=mutation)


def quarter(ssin: str, version: int, cents: int = 900_000, employer: str = BREWERY) -> Recorded:
    return Recorded(
        ssin=ssin,
        employer=employer,
        quarter="20263",
        version=version,
        content=b"",
        identifiers=b"",
        person_pid=version,
        worked=Worked(cents, 6600, 0),
        ticket="Q" * 15,
        recorded_from=AT,
    )


async def declare(engine: AsyncEngine, ssin: str) -> None:
    """A Dimona period, a quarter and a risk of a person."""
    days = Period(date(2026, 7, 1), date.max)
    period = DimonaPeriod("000000000100", ssin, BREWERY, "", "OTH", "XXX", days)
    risk = Risk(
        number="R" * 15,
        ssin=ssin,
        employer=BREWERY,
        nsso_number="",
        scenario="ZIMA001",
        branch=Branch.INCAPACITY,
        kind="001",
        state=RiskState.INTRODUCED,
        days=days,
        quarters=(),
    )
    async with engine.begin() as connection:
        await Periods(connection).create([Versioned(period, "P" * 15, AT)])
        await Quarters(connection).put([quarter(ssin, 1)])
        await Risks(connection).put(risk, forms.incapacity(), "R" * 15, AT)


async def known(engine: AsyncEngine, ssin: str) -> tuple[int, int, int]:
    async with engine.connect() as connection:
        return (
            len(await Periods(connection).of_persons([ssin])),
            len(await Quarters(connection).of_persons([ssin])),
            len(await Risks(connection).of_persons([ssin])),
        )


async def test_every_table_about_persons_follows_with_all_its_columns(engine: AsyncEngine) -> None:
    def columns(connection: sa.Connection) -> dict[str, set[str]]:
        schema = sa.inspect(connection)
        return {
            table: names - {"ssin"}
            for table in schema.get_table_names()
            if "ssin" in (names := {str(c["name"]) for c in schema.get_columns(table)})
        }

    async with engine.connect() as connection:
        found = await connection.run_sync(columns)
    found.pop("replaced_persons")
    assert found == {table: set(names.split(", ")) for table, names in MOVED.items()}


async def test_what_the_network_tells_is_followed_once(
    engine: AsyncEngine, numbers: Numbers
) -> None:
    await declare(engine, BIS)
    await numbers.take_in([told(BIS, NATIONAL), told(BIS, NATIONAL)])
    await numbers.take_in([told(BIS, NATIONAL)])
    assert await known(engine, NATIONAL) == (1, 1, 1)
    assert await known(engine, BIS) == (0, 0, 0)


async def test_a_number_told_late_leads_to_the_one_in_force(
    engine: AsyncEngine, numbers: Numbers
) -> None:
    await declare(engine, BIS)
    await numbers.take_in([told(MIDDLE, NATIONAL), told(BIS, MIDDLE), told(MIDDLE, NATIONAL)])
    assert await known(engine, NATIONAL) == (1, 1, 1)
    async with engine.connect() as connection:
        in_force = await Replacements(connection).all_in_force([BIS, MIDDLE, NATIONAL, OTHER])
    assert in_force == {BIS: NATIONAL, MIDDLE: NATIONAL, NATIONAL: NATIONAL, OTHER: OTHER}


async def test_numbers_that_lead_in_a_circle_end_somewhere(
    engine: AsyncEngine, numbers: Numbers
) -> None:
    await declare(engine, BIS)
    await numbers.take_in([told(BIS, NATIONAL), told(NATIONAL, BIS)])
    assert await known(engine, NATIONAL) == (1, 1, 1)


async def test_what_is_told_of_other_things_or_not_understood_changes_nothing(
    engine: AsyncEngine, numbers: Numbers
) -> None:
    await declare(engine, BIS)
    signal = told(BIS, NATIONAL)
    signal.mutation.ClearField("attestation")
    strange = [told(BIS, NATIONAL, "decease"), told("", NATIONAL), told(BIS, "1"), signal]
    await numbers.take_in(strange)
    assert await known(engine, BIS) == (1, 1, 1)


async def test_of_a_quarter_declared_under_both_the_number_in_force_stands(
    engine: AsyncEngine, numbers: Numbers
) -> None:
    async with engine.begin() as connection:
        store = Quarters(connection)
        await store.put([quarter(BIS, 1, 100)])
        await store.put([quarter(NATIONAL, 2, 200)])
        await store.put([quarter(BIS, 3, 300, BAKERY)])
    before = clock.now()
    await numbers.take_in([told(BIS, NATIONAL)])
    async with engine.connect() as connection:
        store = Quarters(connection)
        now = await store.of_persons([NATIONAL])
        then = await store.of_quarter(BREWERY, "20263", before, "", 10)
    assert {one.employer: one.worked.gross_cents for one in now} == {BREWERY: 200, BAKERY: 300}
    assert {one.worked.gross_cents for one in then} == {100, 200}


@pytest.mark.parametrize("asked", [BIS, NATIONAL])
async def test_the_network_is_supplied_by_either_number(
    engine: AsyncEngine, numbers: Numbers, asked: str
) -> None:
    await declare(engine, BIS)
    await numbers.take_in([told(BIS, NATIONAL)])
    questions = [
        supplier_pb2.Question(
            ssin=asked,
            data_sort=sort,
            period=types_pb2.Period(begin="2026-07-01", end="2026-10-01"),
            holder=institutions.to_wire(NSSO),
        )
        for sort in ("employment_period", "wages_and_working_time", "incapacity_risk")
    ]
    answer = await Supplier(engine).Supply(supplier_pb2.SupplyRequest(questions=questions), None)
    assert [len(one.attestations) for one in answer.answers] == [1, 1, 1]
