"""A number that gives way to another: the person and her rights go on under the new one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from crossroads.attestations.v1 import persons_pb2
from crossroads.router.v1 import exchange_pb2, mailbox_pb2, supplier_pb2
from crossroads.types.v1 import types_pb2

from services.rights.arrival import Arrival
from services.rights.facts import intake
from services.rights.supplier import Supplier
from tests.services.rights import lawbooks, villages
from tests.services.rights.villages import LINA, NOOR, Bench, wage

RULES = lawbooks.load("social_tariff_energy")
BIS = "91441241883"
"""Lina's number until she had a national one."""


@pytest.fixture
async def bench(database: str) -> AsyncIterator[Bench]:
    async with villages.opened(database, RULES) as made:
        made.village.rename(LINA, BIS)
        yield made


def replaced(position: int, old: str = BIS, new: str = LINA) -> Arrival:
    return Arrival(new, position, f"T{position}", "", None, concerns=True, replaces=old)


async def published(bench: Bench) -> list[exchange_pb2.Mutation]:
    waiting = await bench.waiting("publish")
    return [exchange_pb2.PublishRequest.FromString(payload).mutation for payload in waiting]


async def test_what_was_granted_under_the_old_number_is_not_granted_again(bench: Bench) -> None:
    await bench.engine.take_in([wage(1, who=BIS)])
    bench.village.rename(BIS, LINA)
    await bench.engine.take_in([replaced(2)])
    assert len(await published(bench)) == 2  # she and Noor, before
    old, new = await bench.decisions(BIS), await bench.decisions(LINA)
    assert [d.ssin for d in old] == [LINA]
    assert old == new


async def test_later_decisions_go_on_under_the_new_number(bench: Bench) -> None:
    await bench.engine.take_in([wage(1, who=BIS)])
    bench.village.rename(BIS, LINA)
    await bench.engine.take_in([replaced(2), wage(3, end="2026-11-25", who=LINA)])
    told = [m for m in await published(bench) if m.ssin != NOOR]
    assert [m.ssin for m in told] == [BIS, LINA]
    assert told[1].kind == exchange_pb2.MUTATION_KIND_ENDED
    ended, granted = await bench.decisions(LINA)
    explained = await bench.explain(ended.decision_id)
    assert explained.decision.ssin == LINA
    assert (await bench.explain(granted.decision_id)).decision.ssin == LINA


async def test_what_is_still_said_of_the_old_number_is_said_of_the_person(bench: Bench) -> None:
    bench.village.rename(BIS, LINA)
    await bench.engine.take_in([replaced(1), wage(2, who=BIS)])
    assert [m.ssin for m in await published(bench)] == sorted([LINA, NOOR])


async def test_the_order_of_two_replacements_does_not_matter(bench: Bench) -> None:
    first = "91441241784"
    await bench.engine.take_in([wage(1, who=first)])
    await bench.engine.take_in([replaced(2), replaced(3, old=first, new=BIS)])
    assert {d.ssin for d in await bench.decisions(first)} == {LINA}


async def test_the_engine_answers_under_both_numbers(bench: Bench) -> None:
    await bench.engine.take_in([wage(1, who=BIS)])
    bench.village.rename(BIS, LINA)
    await bench.engine.take_in([replaced(2)])
    questions = [
        supplier_pb2.Question(
            ticket="ABCDEFGHIJKLMNO",
            ssin=ssin,
            data_sort="social_tariff_energy",
            period=types_pb2.Period(begin="2026-12-01"),
            holder=types_pb2.Institution(sector=25, number=0),
        )
        for ssin in (BIS, LINA)
    ]
    request = supplier_pb2.SupplyRequest(questions=questions)
    answers = (await Supplier(RULES, bench.store).Supply(request, None)).answers
    assert [len(answer.attestations) for answer in answers] == [1, 1]


def test_a_replacement_is_read_from_its_attestation() -> None:
    delivery = mailbox_pb2.Delivery(position=7, ticket="T")
    delivery.mutation.ssin, delivery.mutation.data_sort = LINA, "replaced_number"
    with pytest.raises(intake.NotUnderstood):
        intake.read(delivery, RULES)
    delivery.mutation.attestation.Pack(persons_pb2.NumberReplaced(old_ssin=BIS, new_ssin=LINA))
    arrival = intake.read(delivery, RULES)
    assert (arrival.ssin, arrival.replaces, arrival.concerns) == (LINA, BIS, True)
