"""What was receipted arrives once in effect and in order, though the router is killed meanwhile."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from crossroads.attestations.v1 import persons_pb2
from crossroads.repertory.v1 import repertory_pb2
from crossroads.router.v1 import exchange_pb2, mailbox_pb2
from crossroads.types.v1 import types_pb2
from google.protobuf import any_pb2

from console import reconciliation
from console.auditor import AUDITOR
from console.state import State
from mesh import institutions, notes
from sandbox.story.stage import Stage
from services.router import receipt
from tests.resilience.conftest import Processes

MUTATIONS = 200
KILLED_AT = (40, 90, 150)
INTO_A_CALL_S = 0.002
PERSON = "85073003328"
"""Somebody who is in no story."""
KNOWING = {"0/0": 0, "11/1": 1, "7/1": 101}
"""Who knows the person, and in which quality."""
TOLD = ("11/1", "7/1")
SENDER = "institution/0/0"


async def registered(stage: Stage) -> None:
    for institution, quality in KNOWING.items():
        request = repertory_pb2.RegisterRequest(
            request_id=stage.request_id(f"known-{institution.replace('/', '-')}"),
            inscriptions=[
                repertory_pb2.Inscription(
                    ssin=PERSON,
                    institution=institutions.to_wire(institutions.parse(institution)),
                    quality=quality,
                    period=types_pb2.Period(begin="2026-01-01"),
                )
            ],
        )
        repertory = stage.repertory(f"institution/{institution}")
        await stage.persist(lambda: repertory.Register(request))  # noqa: B023 - awaited at once


def moved(stage: Stage, number: int) -> exchange_pb2.PublishRequest:
    packed = any_pb2.Any()
    packed.Pack(persons_pb2.Domicile(municipality_code="44021", postal_code=f"{number:04}"))
    return exchange_pb2.PublishRequest(
        request_id=stage.request_id(f"moved-{number}"),
        mutation=exchange_pb2.Mutation(
            ssin=PERSON,
            data_sort="domicile",
            kind=exchange_pb2.MUTATION_KIND_CHANGED,
            period=types_pb2.Period(begin="2026-01-01"),
            attestation=packed,
        ),
    )


async def read_again(stage: Stage, institution: str) -> list[mailbox_pb2.Delivery]:
    """A whole mailbox; its reader has acknowledged it long since."""
    mailbox, found = stage.mailbox(f"institution/{institution}"), list[mailbox_pb2.Delivery]()
    while True:
        page = mailbox_pb2.ListDeliveriesRequest(
            after_position=found[-1].position if found else 0, page_size=100
        )
        answer = await stage.persist(lambda: mailbox.ListDeliveries(page))  # noqa: B023 - awaited at once
        if not answer.deliveries:
            return found
        found += answer.deliveries


@pytest.fixture
def place(mesh_up: dict[str, Any]) -> State:
    return State(Path(mesh_up["state"]))


@pytest.mark.parametrize("name", ["router", "ledger", "repertory"])
async def test_two_hundred_mutations_arrive_though_a_process_is_killed_three_times(
    stage: Stage, processes: Processes, place: State, name: str
) -> None:
    await registered(stage)
    exchange, loop = stage.exchange(SENDER), asyncio.get_running_loop()
    key = await stage.persist(lambda: exchange.GetReceiptKey(exchange_pb2.GetReceiptKeyRequest()))
    pids, answers = set[int](), list[exchange_pb2.PublishResponse]()
    for number in range(MUTATIONS):
        if number in KILLED_AT:
            await stage.until(lambda: _again_up(processes, name, pids), f"no {name} came back")
            pids.add(processes.pid(name))
            loop.call_later(INTO_A_CALL_S, processes.kill, name)
        request = moved(stage, number)
        answers.append(await stage.persist(lambda: exchange.Publish(request)))  # noqa: B023 - awaited at once
    assert len(pids) == len(KILLED_AT)
    tickets = [answer.ticket for answer in answers]
    assert len(set(tickets)) == MUTATIONS
    for answer in answers:
        signed = receipt.open_receipt(answer.receipt, notes.parse_key(key.verifier_key))
        assert signed.ticket == answer.ticket
    again = await stage.persist(lambda: exchange.Publish(moved(stage, 0)))
    assert again == answers[0]
    for institution in TOLD:
        await stage.until(
            lambda: _arrived(stage, institution, tickets[-1]),  # noqa: B023 - awaited at once
            f"the last mutation did not reach {institution}",
        )
        found = await read_again(stage, institution)
        assert [each.position for each in found] == list(range(1, len(found) + 1))
        ours = [each for each in found if each.ticket in set(tickets)]
        assert [each.ticket for each in ours] == tickets
        assert [_postal_code(each) for each in ours] == [f"{n:04}" for n in range(MUTATIONS)]
        assert await read_again(stage, institution) == found
    _, discrepancies = await reconciliation.run(place, AUDITOR)
    assert [one for one in discrepancies if one.entry_id.partition("/")[0] in tickets] == []


async def _again_up(processes: Processes, name: str, killed: set[int]) -> bool:
    return processes.pid(name) not in killed


async def _arrived(stage: Stage, institution: str, ticket: str) -> bool:
    return any(each.ticket == ticket for each in await read_again(stage, institution))


def _postal_code(delivery: mailbox_pb2.Delivery) -> str:
    return persons_pb2.Domicile.FromString(delivery.mutation.attestation.value).postal_code


async def test_a_late_institution_gets_what_stands_once_though_the_router_is_killed(
    stage: Stage, processes: Processes
) -> None:
    await registered(stage)
    mailbox = stage.mailbox("institution/7/1")
    request = mailbox_pb2.RequestFirstDeliveryRequest(
        request_id=stage.request_id("first"),
        ssin=PERSON,
        data_sorts=["household_composition"],
        period=types_pb2.Period(begin="2026-01-01", end="2026-02-01"),
    )
    asyncio.get_running_loop().call_later(INTO_A_CALL_S, processes.kill, "router")
    answer = await stage.persist(lambda: mailbox.RequestFirstDelivery(request))
    assert await stage.persist(lambda: mailbox.RequestFirstDelivery(request)) == answer
    assert answer.delivered == 1
    found = [each for each in await read_again(stage, "7/1") if each.ticket == answer.ticket]
    assert [each.first_delivery for each in found] == [True]
