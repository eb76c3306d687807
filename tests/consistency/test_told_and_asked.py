"""Being told and asking rest on one decision: who may ask about a day is told of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import product

from crossroads.router.v1 import decision_pb2, exchange_pb2, mailbox_pb2
from crossroads.types.v1 import types_pb2
from google.protobuf import any_pb2

from mesh import periods
from mesh.institutions import Institution
from mesh.periods import Period
from services.router.domain import Use
from tests.bank import Bank
from tests.consistency.conftest import ASKED_ABOUT, World

Question = exchange_pb2.ConsultRequest


async def test_who_is_told_of_a_change_on_a_day_is_who_may_ask_about_that_day(
    world: World,
) -> None:
    """By the deliberations that allow both; to be told, nobody needs to hold the datum."""
    recipient, sort, told = Institution(17, 1), "employment_period", Counter[bool]()
    both = {
        ground for ground in world.policy.granted(recipient, sort) if ground.uses == frozenset(Use)
    }
    assert both == set(world.policy.granted(recipient, sort))
    for ssin, period in product(world.persons, ASKED_ABOUT[:2]):
        delivered = await deliveries(world, recipient, ssin, sort, period)
        asked = [
            Question(
                ssin=ssin,
                data_sorts=[sort],
                quality=quality,
                purpose=ground.purpose,
                period=periods.to_wire(period),
            )
            for ground in both
            for quality in ground.qualities
        ]
        may_ask = {
            ground.authorization
            for answer in await explain(world.bank, recipient, asked)
            for part in answer.decision.data_sorts
            if part.reason
            in {
                decision_pb2.REFUSAL_REASON_UNSPECIFIED,
                decision_pb2.REFUSAL_REASON_NO_HOLDER,
                decision_pb2.REFUSAL_REASON_UNKNOWN_PERSON,
            }
            for ground in part.grounds
        }
        assert {one.authorization for one in delivered} == may_ask
        assert len(delivered) == bool(may_ask)
        told[bool(delivered)] += 1
    assert min(told[True], told[False]) >= 3


async def explain(
    bank: Bank, asker: Institution, asked: Sequence[Question]
) -> list[exchange_pb2.ExplainResponse]:
    exchange = bank.exchange(f"institution/{asker}")
    return [await exchange.Explain(exchange_pb2.ExplainRequest(consultation=one)) for one in asked]


async def deliveries(
    world: World, recipient: Institution, ssin: str, sort: str, period: Period
) -> list[mailbox_pb2.Delivery]:
    """What reaches one mailbox of a change that the holder announces."""
    attestation = world.policy.availabilities[sort][0].attestation
    mutation = exchange_pb2.Mutation(
        ssin=ssin,
        data_sort=sort,
        kind=exchange_pb2.MUTATION_KIND_CREATED,
        period=periods.to_wire(period),
        attestation=any_pb2.Any(type_url=f"type.googleapis.com/{attestation}"),
    )
    request = exchange_pb2.PublishRequest(
        request_id=f"{ssin}-{period.begin}",
        mutation=mutation,
        sender=types_pb2.Institution(sector=12, number=0),
    )
    published = await world.bank.exchange("service/declarations").Publish(request)
    while await world.bank.distribution.deliver():
        pass
    mailbox = world.bank.mailbox(f"institution/{recipient}")
    page = await mailbox.ListDeliveries(mailbox_pb2.ListDeliveriesRequest(page_size=1000))
    return [one for one in page.deliveries if one.ticket == published.ticket]
