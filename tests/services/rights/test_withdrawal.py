"""A law that is withdrawn ends what runs by it, says why, and still explains what it decided."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from crossroads.attestations.v1 import attestations_pb2
from crossroads.ledger.v1 import ledger_pb2
from crossroads.router.v1 import exchange_pb2
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from mesh.periods import Period
from services.rights import withdrawal
from services.rights.domain import Decision, DecisionKind
from tests.services.rights import offices
from tests.services.rights.offices import TARIFF, Office
from tests.services.rights.villages import wage

ANOTHER = "social_tariff_gas"
TODAY = date(2026, 11, 24)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
async def office(database: str, tmp_path: Path) -> AsyncIterator[Office]:
    """By a law of two rights."""
    async with offices.opened(database, tmp_path) as office:
        written = (tmp_path / "rules" / f"{TARIFF}.yaml").read_text("utf-8")
        another = written.replace(f"id: {TARIFF}", f"id: {ANOTHER}")
        (tmp_path / "rules" / f"{ANOTHER}.yaml").write_text(another, "utf-8")
        await office.reload()
        await office.reevaluation.apply_law()
        yield office


async def withdraw(office: Office) -> None:
    (office.folder / "rules" / f"{TARIFF}.yaml").unlink()
    await office.reload()
    await office.reevaluation.apply_law()


async def told(office: Office) -> list[exchange_pb2.Mutation]:
    waiting = await office.bench.waiting("publish")
    return [exchange_pb2.PublishRequest.FromString(payload).mutation for payload in waiting]


def attested(mutation: exchange_pb2.Mutation) -> attestations_pb2.RightGranted:
    found = attestations_pb2.RightGranted()
    assert mutation.attestation.Unpack(found)
    return found


async def test_what_runs_ends_that_day_and_recipients_are_told_why(office: Office) -> None:
    await office.bench.engine.take_in([wage(1)])
    granted = len(await told(office))
    await withdraw(office)
    ends = (await told(office))[granted:]
    assert {attested(m).reason for m in (await told(office))[:granted]} == {
        attestations_pb2.RIGHT_REASON_FACT
    }
    assert [mutation.data_sort for mutation in ends] == [TARIFF, TARIFF]  # of Lina, and of Noor
    for mutation in ends:
        assert mutation.kind == exchange_pb2.MUTATION_KIND_ENDED
        assert attested(mutation).period.end == "2026-11-24"
        assert attested(mutation).rule_version == "2026-11-24/withdrawn"
        assert attested(mutation).reason == attestations_pb2.RIGHT_REASON_LAW_WITHDRAWN
    entries = map(ledger_pb2.Entry.FromString, await office.bench.waiting("ledger"))
    assert [entry.reason for entry in entries][-2:] == ["ENDED", "ENDED"]


async def test_it_is_told_once_and_what_rests_on_other_laws_stays(office: Office) -> None:
    await office.bench.engine.take_in([wage(1)])
    await withdraw(office)
    before = len(await told(office))
    await office.reevaluate()
    office.bench.moment += timedelta(days=40)  # into the next year
    await office.bench.engine.take_in([wage(2, "2026-11-11")])
    assert {mutation.data_sort for mutation in (await told(office))[before:]} == {ANOTHER}
    versions = {d.right: d.rule_version for d in reversed(await office.bench.decisions())}
    assert withdrawal.day(versions[TARIFF])
    assert not withdrawal.day(versions[ANOTHER])


async def test_a_dry_run_tells_how_many_a_withdrawal_ends(office: Office) -> None:
    await office.bench.engine.take_in([wage(1)])
    (office.folder / "rules" / f"{TARIFF}.yaml").unlink()
    await office.reload()
    ended = (await office.reevaluate(dry_run=True))[-1]
    assert [(c.right, c.kind, c.number) for c in ended.counts] == [(TARIFF, "ENDED", 2)]


async def test_what_the_law_decided_and_what_ended_it_stay_explained(office: Office) -> None:
    await office.bench.engine.take_in([wage(1)])
    (granted,) = [d for d in await office.bench.decisions() if d.right == TARIFF]
    before = await office.bench.explain(granted.decision_id)
    await withdraw(office)
    assert await office.bench.explain(granted.decision_id) == before
    ended = (await office.bench.decisions())[0]
    why = await office.bench.explain(ended.decision_id)
    assert why.title == before.title
    assert "2026-11-24" in why.reason.text["en"]
    assert set(why.reason.text) == {"nl", "fr", "de", "en"}


async def test_a_version_that_was_rewritten_still_explains(office: Office) -> None:
    await office.bench.engine.take_in([wage(1)])
    (granted,) = [d for d in await office.bench.decisions() if d.right == TARIFF]
    before = await office.bench.explain(granted.decision_id)
    office.write("until: end_of_year}", "until: end_of_next_year}")
    await office.reload()
    await office.reevaluation.apply_law()
    assert await office.bench.explain(granted.decision_id) == before


async def test_no_day_is_awaited_of_a_right_without_law(office: Office) -> None:
    await office.bench.engine.take_in([wage(1)])
    await withdraw(office)
    async with office.bench.database.connect() as connection:
        found = set(await connection.scalars(text('SELECT "right" FROM dues')))
    assert found == {ANOTHER}


async def test_a_law_that_is_back_gives_the_right_again(office: Office) -> None:
    await office.bench.engine.take_in([wage(1)])
    file = office.folder / "rules" / f"{TARIFF}.yaml"
    written = file.read_text("utf-8")
    await withdraw(office)
    file.write_text(written, "utf-8")
    await office.reload()
    await office.reevaluation.apply_law()
    again = (await office.bench.decisions())[0]
    assert (again.right, again.period.end) == (TARIFF, "2027-01-01")


@st.composite
def standing(draw: st.DrawFn) -> list[Decision]:
    """Entitlements of one right, apart from each other."""
    offsets = draw(st.lists(st.integers(-400, 400), max_size=6, unique=True).map(sorted))
    found = []
    for begin, end in zip(offsets[::2], offsets[1::2], strict=False):
        days = Period(TODAY + timedelta(days=begin), TODAY + timedelta(days=end))
        identifier = f"d{begin}"
        found.append(
            Decision(
                id=identifier,
                entitlement_id=identifier,
                ssin="ann",
                right=TARIFF,
                kind=DecisionKind.GRANTED,
                period=days,
                void=False,
                renewable=draw(st.booleans()),
                ground=days,
                version="2020-01-01/abc",
                decided_at=NOON - timedelta(days=500),
                amounts=((days, 100),),
            )
        )
    return found


def withdrawn(before: Sequence[Decision], at: datetime) -> list[Decision]:
    numbers: Iterator[int] = count()
    changes = withdrawal.changes(
        "ann", TARIFF, before, new_id=lambda: f"w{next(numbers)}", decided_at=at, caused_by=""
    )
    return [change.decision for change in changes]


def after(before: Sequence[Decision], ended: Sequence[Decision]) -> list[Decision]:
    newest = {d.entitlement_id: d for d in (*before, *ended)}
    return [d for d in newest.values() if not d.void]


@given(standing())
def test_days_before_stay_and_none_is_left_from_that_day_on(before: list[Decision]) -> None:
    ended = withdrawn(before, NOON)
    left = after(before, ended)
    until = Period(date.min, TODAY)
    assert [d.period for d in left] == [p for d in before if (p := d.period.intersection(until))]
    assert all(d.amounts == ((d.period, 100),) and not d.renewable for d in left)
    assert {d.version for d in ended} <= {"2026-11-24/withdrawn"}
    assert {d.kind for d in ended} <= {DecisionKind.ENDED}


@given(standing(), st.integers(0, 500))
def test_it_happens_once(before: list[Decision], days: int) -> None:
    left = after(before, withdrawn(before, NOON))
    assert withdrawn(left, NOON + timedelta(days=days)) == []
    assert withdrawn([replace(d, ticket="T") for d in left], NOON) == []


def test_versions_tell_a_withdrawal_from_a_law() -> None:
    assert withdrawal.day(withdrawal.version(TODAY)) == TODAY
    assert withdrawal.day("2026-11-24/0123456789ab") is None
