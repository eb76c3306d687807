"""What was read is kept as long as its institution wants, what was not for 400 days, then swept."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from mesh import database as db
from services.router.mailbox import store as mailbox_store
from services.router.mailbox.domain import MOST_DAYS, Extent, MailboxSettings, Mode, NoLongerKept
from services.router.mailbox.store import MailboxStore
from services.router.mutation import Addressed
from services.router.store import Store
from services.router.witness_store import WitnessStore
from tests.services.router.conftest import HOME
from tests.services.router.mailbox.conftest import ENERGY, FUND, LINA

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


async def put(store: Store, days: list[int]) -> None:
    """One delivery to FUND on each of these days after START."""
    for number, day in enumerate(days, 1):
        addressed = [Addressed(FUND, LINA, b"%d" % number, f"T{number}/x")]
        async with store.distributing(1) as (connection, _):
            await store.deliver(connection, addressed, [], START + day * DAY, lambda d, _: d)


async def kept(mailboxes: MailboxStore) -> list[bytes]:
    extent = await mailboxes.extent(FUND)
    return await mailboxes.deliveries(FUND, extent.first - 1, 100)


async def test_what_was_acknowledged_is_swept_after_its_retention(
    store: Store, mailboxes: MailboxStore
) -> None:
    await put(store, [0, 1, 2])
    await mailboxes.acknowledge(FUND, 2)
    assert await mailboxes.sweep(START + 90 * DAY) == 0
    assert await mailboxes.sweep(START + 91 * DAY) == 1
    assert await mailboxes.sweep(START + 399 * DAY) == 1
    assert await kept(mailboxes) == [b"3"]
    assert await mailboxes.extent(FUND) == Extent(3, 3, 2)


async def test_retention_is_what_was_put(store: Store, mailboxes: MailboxStore) -> None:
    assert await mailboxes.settings(FUND) == MailboxSettings(Mode.CONTENT, 90)
    wanted = MailboxSettings(Mode.SIGNAL, 2)
    await mailboxes.put_settings(FUND, wanted, "operator/x", START)
    assert await mailboxes.settings(FUND) == wanted
    assert await mailboxes.settings(ENERGY) == MailboxSettings()
    await put(store, [0, 1])
    await mailboxes.acknowledge(FUND, 2)
    assert await mailboxes.sweep(START + 3 * DAY) == 1
    assert await kept(mailboxes) == [b"2"]


async def test_what_nobody_reads_is_swept_after_the_hard_limit(
    store: Store, mailboxes: MailboxStore
) -> None:
    await put(store, [0, 1])
    assert await mailboxes.sweep(START + MOST_DAYS * DAY) == 0
    assert await mailboxes.sweep(START + MOST_DAYS * DAY + DAY / 2) == 1
    with pytest.raises(NoLongerKept) as gap:
        await mailboxes.deliveries(FUND, 0, 10)
    assert gap.value.first == 2


async def test_positions_go_on_where_everything_was_swept(
    store: Store, mailboxes: MailboxStore
) -> None:
    await put(store, [0, 0])
    await mailboxes.acknowledge(FUND, 2)
    assert await mailboxes.sweep(START + 91 * DAY) == 2
    assert await mailboxes.extent(FUND) == Extent(3, 2, 2)
    assert await kept(mailboxes) == []
    await put(store, [91])
    assert await mailboxes.extent(FUND) == Extent(3, 3, 2)


async def test_a_sweep_is_bounded(
    store: Store, mailboxes: MailboxStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox_store, "MOST_SWEPT", 2)
    await put(store, [0] * 5)
    await mailboxes.acknowledge(FUND, 5)
    assert [await mailboxes.sweep(START + 91 * DAY) for _ in range(4)] == [2, 2, 1, 0]


async def test_what_was_swept_can_still_be_reconciled(
    store: Store, mailboxes: MailboxStore, engine: AsyncEngine
) -> None:
    await put(store, [0, 0])
    await mailboxes.acknowledge(FUND, 1)
    await mailboxes.sweep(START + 91 * DAY)
    delivered = [entry_id async for entry_id in WitnessStore(engine).delivered()]
    assert sorted(delivered) == ["T1/x", "T2/x"]
    async with engine.connect() as connection:
        assert await connection.scalar(sa.text("SELECT count(*) FROM deliveries")) == 1


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    ages=st.lists(st.integers(0, 450), min_size=1, max_size=5),
    acknowledged=st.integers(0, 5),
    retention=st.integers(1, 400),
)
def test_swept_is_the_beginning_of_a_mailbox_as_far_as_it_is_over(
    swept_database: str, ages: list[int], acknowledged: int, retention: int
) -> None:
    ages.sort(reverse=True)
    over = [
        age > MOST_DAYS or (position <= acknowledged and age > retention)
        for position, age in enumerate(ages, 1)
    ]
    expected = next((n for n, is_over in enumerate(over) if not is_over), len(over))

    async def sweep() -> int:
        engine = db.engine(swept_database)
        async with engine.begin() as connection:
            await connection.execute(sa.text("TRUNCATE mailboxes, deliveries, mailbox_settings"))
            await connection.execute(sa.text("TRUNCATE swept_deliveries"))
        mailboxes = MailboxStore(engine)
        await put(Store(engine), [450 - age for age in ages])
        await mailboxes.acknowledge(FUND, acknowledged)
        await mailboxes.put_settings(FUND, MailboxSettings(retention_days=retention), "x", START)
        swept = await mailboxes.sweep(START + 450 * DAY)
        await engine.dispose()
        return swept

    assert asyncio.run(sweep()) == expected


@pytest.fixture
def swept_database(database: str) -> str:
    asyncio.run(db.migrate(database, HOME / "migrations"))
    return database
