"""A retroactive correction goes down the chain of rights, and is told once with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from crossroads.attestations.v1 import attestations_pb2
from crossroads.router.v1 import exchange_pb2

from mesh.periods import ALWAYS
from services.rights import rulebook
from services.rights.domain import Group, Household, Membership
from tests.services.rights import villages
from tests.services.rights.villages import LINA, NOOR, Bench, wage

RULES = rulebook.load(Path(rulebook.__file__).parent)
REIMBURSEMENT = "right_to_increased_reimbursement"
RESTING = {"reduced_bus_fare", "reduced_train_card"}
"""Rights for which the increased reimbursement is a fact."""


@pytest.fixture
async def bench(database: str) -> AsyncIterator[Bench]:
    """Lina holds for the health fund, and Noor is her dependant."""
    async with villages.opened(database, RULES) as bench:
        members = (Membership(LINA, ALWAYS, "HOLDER"), Membership(NOOR, ALWAYS, "DEPENDANT"))
        bench.village.homes.append(Household(members, "FUND", Group.FUND_HOUSEHOLD))
        yield bench


async def told(bench: Bench) -> list[exchange_pb2.Mutation]:
    waiting = await bench.waiting("publish")
    return [exchange_pb2.PublishRequest.FromString(payload).mutation for payload in waiting]


def reason(mutation: exchange_pb2.Mutation) -> int:
    granted = attestations_pb2.RightGranted()
    assert mutation.attestation.Unpack(granted)
    return granted.reason


async def test_what_was_said_in_error_takes_back_the_whole_chain(bench: Bench) -> None:
    await bench.engine.take_in([wage(1, "2026-01-10")])
    granted = await told(bench)
    rights = {(m.ssin, m.data_sort) for m in granted}
    assert {right for _, right in rights} >= RESTING | {REIMBURSEMENT}
    assert {ssin for ssin, right in rights if right == REIMBURSEMENT} == {LINA, NOOR}

    await bench.engine.take_in([wage(2, "2026-01-10", cancelled=True)])
    corrected = (await told(bench))[len(granted) :]
    assert Counter((m.ssin, m.data_sort) for m in corrected) == Counter(dict.fromkeys(rights, 1))
    assert {m.kind for m in corrected} == {exchange_pb2.MUTATION_KIND_CANCELLED}
    assert {reason(m) for m in corrected} == {attestations_pb2.RIGHT_REASON_FACT}
    newest = {d.right: d for d in reversed(await bench.decisions())}
    assert all(not decision.HasField("period") for decision in newest.values())


async def test_a_later_begin_moves_what_rests_on_it_and_is_told_once(bench: Bench) -> None:
    await bench.engine.take_in([wage(1, "2026-01-10")])
    before = await told(bench)
    moved = wage(3, "2026-06-10")
    await bench.engine.take_in([wage(2, "2026-01-10", cancelled=True), moved])
    corrected = (await told(bench))[len(before) :]
    counts = Counter((m.ssin, m.data_sort) for m in corrected)
    assert set(counts.values()) == {1}
    assert {right for _, right in counts} >= RESTING | {REIMBURSEMENT}
    begins = {d.right: d.period.begin for d in reversed(await bench.decisions())}
    assert begins[REIMBURSEMENT] == "2026-09-10"
    assert all(begins[right] >= "2026-09-10" for right in RESTING)


async def test_the_same_correction_again_tells_nothing(bench: Bench) -> None:
    await bench.engine.take_in([wage(1, "2026-01-10")])
    await bench.engine.take_in([wage(2, "2026-01-10", cancelled=True)])
    before = await told(bench)
    again = wage(3, "2026-01-10", cancelled=True)
    await bench.engine.take_in([again, replace(again, position=4)])
    assert await told(bench) == before
