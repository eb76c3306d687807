"""Whoever should have a mutation gets it, in order and once in effect, whatever dies and when."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, TypeVar

import sqlalchemy as sa
from crossroads.ledger.v1 import ledger_pb2
from crossroads.router.v1 import mailbox_pb2
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from sqlalchemy.ext.asyncio import AsyncEngine

from mesh import clock
from mesh import database as db
from mesh.identity import Caller, parse
from mesh.institutions import Institution
from services.ledger import reconciliation
from services.ledger.reconciliation import Line
from services.router.mailbox.reader import Reader
from services.router.witness_servicer import WitnessServicer
from services.router.witness_store import WitnessStore
from tests.services.router.conftest import HOME
from tests.services.router.lots.conftest import Death
from tests.services.router.mailbox.conftest import (
    ENERGY,
    FUND,
    LINA,
    NOOR,
    PERIOD,
    SORT,
    Outside,
    Process,
    cents,
)

T = TypeVar("T")
LIVES = ""
DEATHS = ("before the ledger", "after the ledger", "before the commit", "after the commit")
READERS = {FUND: (LINA, NOOR), ENERGY: (LINA,)}
"""Whose mailbox, and about whom it may be told."""
LONG_AFTER = timedelta(days=91)
dying = st.sampled_from((LIVES, *DEATHS))


class Exchange(RuleBasedStateMachine):
    """Senders, a router that dies, and readers that remember, against a model of who has what."""

    url: str

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.outside = Outside(stands=1)
        self.engine = self.run(self.emptied())
        self.process = Process(self.engine, self.outside)
        self.stored: dict[int, str] = {}  # in the order in which they were stored
        self.tickets: dict[int, str] = {}
        self.first_asked: set[int] = set()
        self.remembered: dict[Institution, dict[int, bytes]] = defaultdict(dict)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    async def emptied(self) -> AsyncEngine:
        engine = db.engine(self.url)
        tables = "mutations, mailboxes, deliveries, swept_deliveries, first_deliveries"
        async with engine.begin() as connection:
            await connection.execute(sa.text(f"TRUNCATE {tables}"))
        return engine

    def live(self, work: Coroutine[Any, Any, object], dies_at: str) -> bool:
        """Do something, and die at a point if it comes by; whether it was survived."""
        self.outside.dies_at = dies_at
        try:
            self.run(work)
        except Death:
            self.process = Process(self.engine, self.outside)
            return False
        else:
            self.outside.dies_at = LIVES
            return True

    @rule(number=st.integers(1, 12), heard=st.booleans())
    def publish(self, number: int, heard: bool) -> None:
        """A sender says something, perhaps again; perhaps the router dies before it answers."""
        ssin = (LINA, NOOR)[number % 2]
        kept = self.run(self.process.publish(number, ssin))
        assert self.tickets.setdefault(number, kept.ticket) == kept.ticket
        self.stored.setdefault(number, ssin)
        if not heard:
            self.process = Process(self.engine, self.outside)

    @rule(dies_at=dying)
    def distribute(self, dies_at: str) -> None:
        self.live(self.process.distribute(), dies_at)

    @rule()
    def distribute_twice_at_once(self) -> None:
        async def both() -> None:
            other = Process(self.engine, self.outside)
            await asyncio.gather(self.process.distribute(), other.distribute())

        self.run(both())

    @rule(number=st.integers(1, 3), dies_at=dying)
    def ask_for_a_first_delivery(self, number: int, dies_at: str) -> None:
        self.live(self.first_delivery(number), dies_at)
        self.first_asked.add(number)

    @rule(number=st.integers(1, 3))
    def ask_for_a_first_delivery_twice_at_once(self, number: int) -> None:
        async def both() -> None:
            other = Process(self.engine, self.outside)
            await asyncio.gather(self.first_delivery(number), self.first_delivery(number, other))

        self.run(both())
        self.first_asked.add(number)

    async def first_delivery(self, number: int, process: Process | None = None) -> None:
        request = mailbox_pb2.RequestFirstDeliveryRequest(
            request_id=f"first-{number}", ssin=LINA, data_sorts=[SORT], period=PERIOD
        )
        caller = Caller(parse(f"institution/{FUND}"))
        await (process or self.process).first_deliveries.deliver(request, caller, FUND)

    @rule(
        whose=st.sampled_from(sorted(READERS)),
        most=st.integers(1, 5),
        several=st.booleans(),
        remembers=st.booleans(),
        acknowledges=st.booleans(),
    )
    def read(
        self, whose: Institution, most: int, several: bool, remembers: bool, acknowledges: bool
    ) -> None:
        """A reader reads on; it dies before it remembers, or before it acknowledges, or not."""
        found = self.run(self.following(whose, most, several))
        for one in found if remembers else ():
            kept = self.remembered[whose].setdefault(one.position, one.SerializeToString())
            assert kept == one.SerializeToString(), "a position with another content"
        if found and remembers and acknowledges:
            self.run(self.process.mailboxes.acknowledge(whose, found[-1].position))

    async def following(
        self, whose: Institution, most: int, several: bool = False
    ) -> list[mailbox_pb2.Delivery]:
        extent = await self.process.mailboxes.extent(whose)
        assert extent.first <= extent.acknowledged + 1, "swept before it was read"
        reader = Reader(self.process.mailboxes, whose, extent.acknowledged, most)
        waiting = min(most, extent.last - extent.acknowledged)
        if several:
            message = await anext(reader.messages()) if waiting else mailbox_pb2.ReceiveResponse()
            assert len(message.deliveries) == waiting
            return list(message.deliveries)
        deliveries = reader.deliveries()
        return [(await anext(deliveries)).delivery for _ in range(waiting)]

    @rule()
    def sweep(self) -> None:
        """All that was acknowledged goes."""
        self.run(self.process.mailboxes.sweep(clock.now() + LONG_AFTER))

    def teardown(self) -> None:
        """Once nothing dies any more, everyone has what it should, and the books agree."""
        try:
            self.run(self.process.distribute())
            for number in sorted(self.first_asked):
                self.run(self.first_delivery(number))
            for whose, about in READERS.items():
                self.read_to_the_end(whose)
                self.check(whose, about)
            self.run(self.reconcile())
        finally:
            self.run(self.engine.dispose())
            self.runner.close()

    def read_to_the_end(self, whose: Institution) -> None:
        while found := self.run(self.following(whose, 5)):
            for one in found:
                kept = self.remembered[whose].setdefault(one.position, one.SerializeToString())
                assert kept == one.SerializeToString(), "a position with another content"
            self.run(self.process.mailboxes.acknowledge(whose, found[-1].position))

    def check(self, whose: Institution, about: tuple[str, ...]) -> None:
        remembered = self.remembered[whose]
        assert sorted(remembered) == list(range(1, len(remembered) + 1)), "a gap"
        got = [mailbox_pb2.Delivery.FromString(remembered[n]) for n in sorted(remembered)]
        changes = [one for one in got if not one.first_delivery]
        expected = [number for number, ssin in self.stored.items() if ssin in about]
        assert [one.ticket for one in changes] == [self.tickets[number] for number in expected]
        if whose == FUND:
            assert [cents(one.mutation.attestation) for one in changes] == expected
        first = [one.ticket for one in got if one.first_delivery]
        assert len(first) == len(set(first)) == (len(self.first_asked) if whose == FUND else 0)

    async def reconcile(self) -> None:
        """The ledger and what the router says it wrote and delivered agree, deaths and all."""
        witness = WitnessServicer(WitnessStore(self.engine))
        answers = witness.ListWritten(ledger_pb2.ListWrittenRequest(), None)
        written = [one async for answer in answers for one in answer.written]
        exported = [
            ledger_pb2.ExportedEntry(index=index, entry=content)
            for index, content in enumerate(self.outside.written.values())
        ]
        lines: list[Line] = [reconciliation.line(one) for one in exported]
        assert reconciliation.discrepancies(lines, written) == ()


def test_every_mutation_arrives_once_in_effect_and_in_order(database: str) -> None:
    asyncio.run(db.migrate(database, HOME / "migrations"))

    class OnThisDatabase(Exchange):
        url = database

    run_state_machine_as_test(
        OnThisDatabase, settings=settings(max_examples=30, stateful_step_count=25, deadline=None)
    )
