"""Whatever ends the process, and wherever: each person of a lot has exactly one reply."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import grpc
import pytest
import sqlalchemy as sa
from crossroads.router.v1 import exchange_pb2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mesh import clock, tickets
from mesh.identity import Caller, parse
from mesh.institutions import Institution
from mesh.periods import ALWAYS
from mesh.refusals import Refusal
from services.router.domain import InstitutionRecord, Policy
from services.router.lots import store as lot_store
from services.router.lots import worker
from services.router.lots.domain import Chunk, Lot, Reply, State, Submission, TooManyLots
from services.router.lots.store import KEPT, MOST_RUNNING, LotStore
from services.router.lots.worker import LotWork
from tests.services.router.lots.conftest import Consultations, Death, Follower

CENTRE = Caller(parse("institution/17/1"), None, "aa")
OWNER = CENTRE.principal.path
AWAY = Refusal(grpc.StatusCode.UNAVAILABLE, "LEDGER_UNAVAILABLE")
STEPS = st.one_of(
    st.tuples(st.just("submit"), st.integers(1, 9)),
    st.tuples(st.just("work"), st.just(0)),
    st.tuples(st.just("work together"), st.integers(2, 4)),
    st.tuples(st.just("die asking"), st.integers(0, 3)),
    st.tuples(st.just("die recording"), st.just(0)),
    st.tuples(st.just("ledger away"), st.integers(0, 3)),
    st.tuples(st.just("odd person"), st.integers(0, 3)),
    st.tuples(st.just("cancel"), st.integers(0, 5)),
)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lot_store, "CHUNK", 3)


class Mortal(LotStore):
    """A store whose process can end after all was written, before it is committed."""

    dying = False

    async def record(
        self,
        connection: AsyncConnection,
        chunk: Chunk,
        replies: Sequence[Reply],
        waits_for: str,
        at: datetime,
    ) -> None:
        await super().record(connection, chunk, replies, waits_for, at)
        if self.dying:
            raise Death


class World:
    """Lots and who works on them, as a test drives them."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.store = Mortal(engine)
        self.outside = Consultations()
        self.follower = Follower()
        self.lots: dict[str, tuple[str, ...]] = {}
        self.cancelled: set[str] = set()
        self._engine = engine

    def work(self) -> LotWork:
        return LotWork(self.store, self.follower, self.outside.consult)  # type: ignore[arg-type]

    async def submit(self, persons: int, at: datetime | None = None) -> str:
        ticket = tickets.new()
        ssins = tuple(f"{len(self.lots):05}{n:06}" for n in range(persons))
        await self.store.submit(submission(ticket, ssins, at=at or clock.now()))
        self.lots[ticket] = ssins
        return ticket

    async def step(self, what: str, number: int) -> None:
        self.store.dying = what == "die recording"
        if what == "submit":
            await self.submit(number)
        elif what == "cancel" and self.lots:
            ticket = list(self.lots)[number % len(self.lots)]
            lot = await self.store.cancel(OWNER, ticket, clock.now())
            assert lot
            if lot.state is State.CANCELLED:
                self.cancelled.add(ticket)
        elif what == "work together":
            await asyncio.gather(*(self.attempt() for _ in range(number)))
        else:
            wrong = {
                "die asking": Death(),
                "ledger away": AWAY,
                "odd person": RuntimeError("odd"),
            }
            if what in wrong:
                self.outside.next_goes_wrong(number, wrong[what])
            await self.attempt()
        self.outside.wrong.clear()

    async def attempt(self) -> None:
        with contextlib.suppress(Refusal, Death, BaseExceptionGroup):
            await self.work().work()

    async def finish(self) -> None:
        self.store.dying = False
        while await self.work().work():
            pass

    async def lot(self, ticket: str) -> Lot:
        found = await self.store.lot(OWNER, ticket, clock.now())
        assert found
        return found

    async def replies(self, ticket: str) -> list[exchange_pb2.LotReply]:
        found = await self.store.replies(ticket, 0, 1000)
        assert [number for number, _ in found] == list(range(1, len(found) + 1))
        return [exchange_pb2.LotReply.FromString(reply) for _, reply in found]

    async def check(self) -> None:
        """What holds at every moment: a reply at most once, and progress that tells no more."""
        for ticket, ssins in self.lots.items():
            lot, replies = await self.lot(ticket), await self.replies(ticket)
            replied = [reply.ssin for reply in replies]
            assert len(replied) == len(set(replied)) == lot.answered
            assert set(replied) <= set(ssins)
            assert lot.failed == sum(reply.HasField("failure") for reply in replies)
            assert (lot.state is State.DONE) == (lot.answered == lot.persons) or (
                ticket in self.cancelled
            )

    async def forget(self) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(sa.text("TRUNCATE lots, lot_chunks, lot_persons, lot_replies"))


def submission(
    ticket: str, ssins: tuple[str, ...], request_id: str = "", at: datetime | None = None
) -> Submission:
    question = exchange_pb2.LotQuestion(data_sorts=["income"], purpose="x", reference="r")
    return Submission(
        ticket,
        request_id or ticket,
        "".join(ssins).encode(),
        question.SerializeToString(),
        CENTRE,
        ssins,
        "",
        at or clock.now(),
    )


@pytest.fixture
def world(engine: AsyncEngine) -> World:
    return World(engine)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEPS, min_size=3, max_size=12))
async def test_each_person_has_exactly_one_reply(
    engine: AsyncEngine, steps: list[tuple[str, int]]
) -> None:
    world = World(engine)
    await world.forget()
    for what, number in [("submit", 7), *steps]:
        await world.step(what, number)
        await world.check()
    await world.finish()
    await world.check()
    for ticket in world.lots.keys() - world.cancelled:
        assert (await world.lot(ticket)).state is State.DONE


async def test_what_waits_says_for_what_and_goes_on_when_it_can(world: World) -> None:
    ticket = await world.submit(5)
    world.outside.next_goes_wrong(0, AWAY)
    with pytest.raises(Refusal):
        await world.work().work()
    lot = await world.lot(ticket)
    assert (lot.state, lot.waits_for) == (State.RUNNING, "LEDGER_UNAVAILABLE")
    await world.finish()
    lot = await world.lot(ticket)
    assert (lot.state, lot.waits_for, lot.answered) == (State.DONE, "", 5)


async def test_an_error_of_ours_on_one_person_is_that_persons_reply(world: World) -> None:
    ticket = await world.submit(4)
    world.outside.next_goes_wrong(0, RuntimeError("odd"))
    await world.finish()
    failures = [r.failure for r in await world.replies(ticket) if r.HasField("failure")]
    assert [(failure.reason, failure.passing) for failure in failures] == [("INTERNAL", False)]
    assert (await world.lot(ticket)).failed == 1


async def test_a_small_lot_need_not_wait_for_a_large_one(world: World) -> None:
    large, small = await world.submit(60), await world.submit(2)
    for _ in range(3):
        await world.work().work()
    assert (await world.lot(small)).state is State.DONE
    assert (await world.lot(large)).state is State.RUNNING


async def test_a_lot_that_is_stuck_does_not_hold_up_another(world: World) -> None:
    stuck = await world.submit(3)
    world.outside.next_goes_wrong(0, AWAY)
    await world.attempt()
    other = await world.submit(6)
    world.outside.wrong.clear()
    await world.work().work()
    await world.work().work()
    assert (await world.lot(other)).state is State.DONE
    assert (await world.lot(stuck)).answered < 3


async def test_two_who_work_at_once_have_different_chunks(world: World) -> None:
    await world.submit(6)
    at = clock.now()
    async with world.store.working(at) as (_, mine), world.store.working(at) as (_, others):
        assert mine
        assert others
        assert not set(mine.ssins) & set(others.ssins)
        async with world.store.working(at) as (_, none):
            assert none is None


async def test_only_so_many_consultations_of_lots_are_under_way(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lot_store, "CHUNK", 100)
    under_way, most = 0, 0

    async def consult(request: object, caller: Caller) -> exchange_pb2.ConsultResponse:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        return exchange_pb2.ConsultResponse()

    await world.submit(90)
    await LotWork(world.store, world.follower, consult).work()  # type: ignore[arg-type]
    assert most == worker.IN_FLIGHT


async def test_a_certificate_no_longer_trusted_stops_the_lot(world: World) -> None:
    ticket = await world.submit(9)
    await world.work().work()
    centre = InstitutionRecord(
        Institution(17, 1), "centre", frozenset({OWNER}), "", "", ALWAYS, frozenset({"aa"})
    )
    world.follower.policy = Policy.of(2, (centre,), (), ())
    await world.finish()
    lot = await world.lot(ticket)
    assert (lot.state, lot.reason) == (State.STOPPED, "CERTIFICATE_REVOKED")
    assert len(world.outside.asked) == lot.answered == 3


async def test_what_has_ended_stays_as_it_ended(world: World) -> None:
    ticket = await world.submit(2)
    await world.finish()
    done = await world.lot(ticket)
    assert await world.store.cancel(OWNER, ticket, clock.now()) == done
    assert await world.store.cancel("institution/0/0", ticket, clock.now()) is None


async def test_a_request_id_said_twice_gives_the_first_lot(world: World) -> None:
    first = await world.store.submit(submission("A", ("1",), "same"))
    again = await world.store.submit(submission("B", ("2",), "same"))
    assert (again.ticket, again.digest) == (first.ticket, first.digest)
    await world.finish()
    assert world.outside.asked == ["1"]


async def test_an_owner_has_only_so_many_under_way(world: World) -> None:
    for _ in range(MOST_RUNNING):
        await world.submit(1)
    with pytest.raises(TooManyLots):
        await world.submit(1)
    await world.finish()
    await world.submit(1)


async def test_what_is_over_is_deleted_and_what_is_not_stays(world: World) -> None:
    over = await world.submit(4, at=datetime(2026, 1, 1, tzinfo=UTC))
    kept = await world.submit(4)
    await world.finish()
    assert await world.store.lot(OWNER, over, clock.now()) is None
    assert await world.store.sweep(clock.now()) == 1
    assert await world.store.sweep(clock.now()) == 0
    assert await world.store.replies(over, 0, 10) == []
    assert len(await world.replies(kept)) == 4
    lot = await world.lot(kept)
    assert lot.ended_at
    assert lot.expires_at == lot.ended_at + KEPT
    assert await world.store.sweep(clock.now() + KEPT + timedelta(seconds=1)) == 1
