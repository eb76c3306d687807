"""Only a holder announces, in the form of its sort; a request said twice is one mutation."""

from __future__ import annotations

from datetime import UTC, datetime

import grpc
import pytest
from crossroads.attestations.v1 import attestations_pb2
from crossroads.router.v1 import exchange_pb2
from crossroads.types.v1 import types_pb2
from google.protobuf import any_pb2
from google.protobuf.message import Message

from mesh import tickets
from mesh.identity import Caller, parse
from mesh.institutions import Institution
from mesh.periods import ALWAYS
from mesh.refusals import Refusal
from services.router import announcing
from services.router.domain import Availability, InstitutionRecord, Policy
from services.router.publication import Publications
from services.router.store import Store

CENTRE, NSSO = Institution(17, 1), Institution(12, 0)
AT = datetime(2026, 11, 24, tzinfo=UTC)
POLICY = Policy.of(
    1,
    (
        InstitutionRecord(CENTRE, "centre", frozenset({"institution/17/1"}), "", "", ALWAYS),
        InstitutionRecord(NSSO, "nsso", frozenset({"service/declarations"}), "", "", ALWAYS),
    ),
    (Availability("living_wage", "crossroads.attestations.v1.LivingWage", CENTRE),),
    (),
)


def request(
    attestation: Message | None = None, sort: str = "living_wage", begin: str = "2026-11-01"
) -> exchange_pb2.PublishRequest:
    packed = any_pb2.Any()
    packed.Pack(attestation or attestations_pb2.LivingWage(kind="LIVING_WAGE"))
    return exchange_pb2.PublishRequest(
        request_id="request-1",
        mutation=exchange_pb2.Mutation(
            ssin="85073003328",
            data_sort=sort,
            kind=exchange_pb2.MUTATION_KIND_CREATED,
            period=types_pb2.Period(begin=begin),
            attestation=packed,
        ),
    )


def garbled() -> exchange_pb2.PublishRequest:
    """The right name over bytes that are no such message."""
    asked = request()
    asked.mutation.attestation.value = b"\xff"
    return asked


async def publish(
    store: Store, asked: exchange_pb2.PublishRequest, path: str = "institution/17/1"
) -> str:
    kept = await Publications(store).publish(asked, Caller(parse(path)), POLICY, tickets.new(), AT)
    return kept.ticket


async def test_a_request_said_twice_has_one_ticket(store: Store) -> None:
    first = await publish(store, request())
    assert await publish(store, request()) == first
    async with store.distributing(10) as (_, received):
        assert [mutation.ticket for mutation in received] == [first]


async def test_a_request_id_is_not_used_for_another_content(store: Store) -> None:
    await publish(store, request())
    with pytest.raises(Refusal, match="REQUEST_ID_REUSED") as refused:
        await publish(store, request(begin="2026-11-02"))
    assert refused.value.code is grpc.StatusCode.ALREADY_EXISTS


@pytest.mark.parametrize(
    ("asked", "path", "reason"),
    [
        (request(), "service/declarations", "NOT_THE_HOLDER"),
        (request(), "institution/99/9", "NOT_THE_HOLDER"),
        (request(sort="income"), "institution/17/1", "NOT_THE_HOLDER"),
        (request(attestations_pb2.Income(year=2025)), "institution/17/1", "WRONG_ATTESTATION"),
        (garbled(), "institution/17/1", "WRONG_ATTESTATION"),
        (request(begin="2026-02-30"), "institution/17/1", "PERIOD_IMPOSSIBLE"),
        (
            request(attestations_pb2.LivingWage(kind="x" * (announcing.MOST_BYTES + 1))),
            "institution/17/1",
            "ATTESTATION_TOO_LARGE",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_may_not_be_announced_is_refused_and_not_kept(
    store: Store, asked: exchange_pb2.PublishRequest, path: str, reason: str
) -> None:
    with pytest.raises(Refusal, match=reason):
        await publish(store, asked, path)
    async with store.distributing(10) as (_, received):
        assert received == []


async def test_a_service_names_the_institution_it_speaks_for(store: Store) -> None:
    asked = request()
    asked.sender.CopyFrom(types_pb2.Institution(sector=17, number=1))
    await publish(store, asked)
    asked.sender.number = 2
    with pytest.raises(Refusal, match="NOT_THE_HOLDER"):
        await publish(store, asked)
