"""A group asks each holder once; whoever gives up waiting takes nothing from the others."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from crossroads.router.v1 import exchange_pb2, supplier_pb2

from mesh import deadlines
from mesh.institutions import Institution
from mesh.periods import ALWAYS
from services.router import wire
from services.router.asking import Asking, Holding
from services.router.domain import (
    Availability,
    DataSortDecision,
    InstitutionRecord,
    Policy,
)

FUND, REGISTER = Institution(11, 1), Institution(0, 0)
NOTHING = exchange_pb2.ANSWER_STATUS_NO_DATA
POLICY = Policy.of(1, (), (Availability("income", "of", FUND),), ())


class Outside:
    """Every holder, answering when the gate opens."""

    def __init__(self) -> None:
        self.asked: list[tuple[Institution, list[str]]] = []
        self.gate = asyncio.Event()

    def ask_together(
        self, record: InstitutionRecord, questions: Sequence[supplier_pb2.Question]
    ) -> asyncio.Future[Sequence[supplier_pb2.Answer]]:
        self.asked.append((record.institution, [one.ssin for one in questions]))
        return asyncio.ensure_future(self._answer(len(questions)))

    async def _answer(self, count: int) -> list[supplier_pb2.Answer]:
        await self.gate.wait()
        return [supplier_pb2.Answer(status=NOTHING)] * count


def holding(holder: Institution) -> Holding:
    record = InstitutionRecord(holder, "", frozenset(), f"at {holder}", "name", ALWAYS)
    question = wire.supplier_question("", "", "income", ALWAYS, holder)
    return Holding(DataSortDecision("income"), holder, record, question)


@pytest.fixture
async def outside() -> Outside:
    return Outside()


async def test_each_holder_is_asked_once_for_all(outside: Outside) -> None:
    asking = Asking(outside)  # type: ignore[arg-type]
    both = [holding(FUND), holding(REGISTER)]
    owed = [*asking.add(both, "T1", "1"), *asking.add(both[:1], "T2", "2")]
    asking.leave()
    outside.gate.set()
    assert outside.asked == [(FUND, ["1", "2"]), (REGISTER, ["1"])]
    answers = [await one.reply(POLICY) for one in owed]
    assert [(a.holder.sector, a.status) for a in answers] == [
        (11, NOTHING),
        (0, NOTHING),
        (11, NOTHING),
    ]


async def test_who_gives_up_leaves_the_others_their_answers(outside: Outside) -> None:
    asking = Asking(outside)  # type: ignore[arg-type]
    (mine,) = asking.add([holding(FUND)], "T1", "1")
    (other,) = asking.add([holding(FUND)], "T2", "2")
    asking.leave()
    waiting = asyncio.create_task(mine.reply(POLICY))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    outside.gate.set()
    assert (await other.reply(POLICY)).status == NOTHING


async def test_who_has_little_time_gets_the_others_and_hears_that_one_is_late(
    outside: Outside,
) -> None:
    quick = Outside()
    quick.gate.set()
    asking, at_once = Asking(outside), Asking(quick)  # type: ignore[arg-type]
    (hung,) = asking.add([holding(FUND)], "T", "1")
    (there,) = at_once.add([holding(REGISTER)], "T", "1")
    asking.leave()
    at_once.leave()
    deadlines.start(0.1)
    answers = [await one.reply(POLICY) for one in (hung, there)]
    assert [answer.status for answer in answers] == [exchange_pb2.ANSWER_STATUS_LATE, NOTHING]
    deadlines.start(None)
    outside.gate.set()
    assert (await hung.reply(POLICY)).status == NOTHING
