"""Many mutations in one call are as many calls one after another, each with its own outcome."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from crossroads.router.v1 import exchange_pb2

from mesh import tickets
from mesh.identity import Caller, parse
from mesh.refusals import Refusal
from services.router.mutation import Stored
from services.router.publication import Publications
from services.router.store import Store
from tests.services.router.test_publication import AT, POLICY, garbled, request

CENTRE = Caller(parse("institution/17/1"))
LINA, JORIS = "91041241894", "84031721194"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def one(id_: str, ssin: str = LINA, begin: str = "2026-11-01") -> exchange_pb2.PublishRequest:
    asked = request(begin=begin)
    asked.request_id, asked.mutation.ssin = id_, ssin
    return asked


def wrong() -> exchange_pb2.PublishRequest:
    asked = garbled()
    asked.request_id = "request-3"
    return asked


ASKED = [
    one("request-1"),
    one("request-2", JORIS),
    wrong(),
    one("request-1", begin="2026-11-02"),
    one("request-4", "91041241895"),
    one("request-1"),
    one("request-5", begin="2026-12-01"),
    one("request-6", begin="2026-02-30"),
    one("request-2"),
]
REASONS = [
    *("", "", "WRONG_ATTESTATION", "REQUEST_ID_REUSED", "SSIN_CHECK_DIGIT"),
    *("", "", "PERIOD_IMPOSSIBLE", ""),
]


async def announce(
    publications: Publications, asked: Sequence[exchange_pb2.PublishRequest], trace: str = ""
) -> list[Stored | Refusal]:
    announcements = [exchange_pb2.Announcement(request=each, traceparent=trace) for each in asked]
    return await publications.publish_all(announcements, CENTRE, POLICY, AT)


async def alone(publications: Publications, asked: exchange_pb2.PublishRequest) -> Stored | Refusal:
    try:
        return await publications.publish(asked, CENTRE, POLICY, tickets.new(), AT)
    except Refusal as refusal:
        return refusal


def told(outcomes: Sequence[Stored | Refusal]) -> list[str]:
    """The reason of each refusal, "" of what was kept."""
    return [each.reason if isinstance(each, Refusal) else "" for each in outcomes]


async def waiting(store: Store) -> list[tuple[str, str]]:
    async with store.distributing(100) as (_, received):
        return [(mutation.ssin, mutation.request_id) for mutation in received]


async def test_each_has_its_own_outcome_and_the_order_is_kept(store: Store) -> None:
    assert told(await announce(Publications(store), ASKED)) == REASONS
    kept = [(LINA, "request-1"), (JORIS, "request-2"), (LINA, "request-5"), (LINA, "request-2")]
    assert await waiting(store) == kept


@pytest.mark.parametrize("cut", [0, 1, 4, 6, len(ASKED)])
async def test_what_was_announced_alone_has_the_same_receipt_in_a_batch(
    store: Store, cut: int
) -> None:
    publications = Publications(store)
    before = [await alone(publications, each) for each in ASKED[:cut]]
    outcomes = await announce(publications, ASKED)
    after = [await alone(publications, each) for each in ASKED]
    assert told(before) == REASONS[:cut]
    assert told(outcomes) == told(after) == REASONS
    kept = [each for each in outcomes if isinstance(each, Stored)]
    assert [each for each in after if isinstance(each, Stored)] == kept
    assert len(await waiting(store)) == 4


async def test_a_batch_in_which_nothing_may_be_kept_keeps_nothing(store: Store) -> None:
    assert told(await announce(Publications(store), [wrong(), wrong()])) == [
        "WRONG_ATTESTATION",
        "WRONG_ATTESTATION",
    ]
    assert await waiting(store) == []


@pytest.mark.parametrize("trace", [TRACE, "", "nonsense"])
async def test_each_is_delivered_in_the_trace_that_it_names(store: Store, trace: str) -> None:
    await announce(Publications(store), [one("request-1")], trace)
    async with store.distributing(1) as (_, received):
        assert received[0].traceparent.startswith(trace[:36] if trace == TRACE else "00-")
        assert ("0af7651916cd43dd8448eb211c80319c" in received[0].traceparent) == (trace == TRACE)
