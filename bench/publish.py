"""Mutations from the call that announces them until the mailbox's reader has them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

from crossroads.attestations.v1 import attestations_pb2
from crossroads.ledger.v1 import ledger_pb2
from crossroads.router.v1 import exchange_pb2
from crossroads.types.v1 import types_pb2
from google.protobuf import any_pb2

from bench import population, post
from bench.post import Post
from bench.results import Measure, against_target
from mesh import clock
from sandbox import cast
from sandbox.story.stage import Stage

HOLDER = "institution/12/0"
READER = "institution/10/1"
AUDITOR = "auditor/privacy"
UNARY_MUTATIONS = 1_000
BATCHED_MUTATIONS = 5_000
BATCH = 100
BATCH_CALLERS = 4
STEADY_PER_S = 300.0
STEADY_MUTATIONS = 1_500
PER_S_TARGET = 1_500.0
DELIVERED_TARGET_MS = 1_000.0


async def run(endpoints: Path) -> list[Measure]:
    """As fast as it goes, in batches and one by one, then at a steady rate.

    Who is told is read from the ledger.
    """
    stage = Stage(endpoints)
    await population.settle(stage)
    address, mutations = stage.address("router"), _mutations(stage.run)
    tls = str(stage.folder(HOLDER)), str(stage.folder(READER))
    batched = _take(mutations, BATCHED_MUTATIONS)
    fast = await post.send(Post(address, *tls, batched, callers=BATCH_CALLERS, batch=BATCH))
    unary = await post.send(Post(address, *tls, _take(mutations, UNARY_MUTATIONS)))
    steady = await post.send(
        Post(address, *tls, _take(mutations, STEADY_MUTATIONS), per_s=STEADY_PER_S)
    )
    recipients = await _recipients(stage, fast.tickets)
    await stage.close()
    runs = fast, unary, steady
    lost, within = sum(one.missing for one in runs), f"within {post.PATIENCE_S:.0f} s"
    refused = sum(one.failed for one in runs)
    return [
        against_target("publish_per_s", fast.delivered_per_s, "1/s", PER_S_TARGET),
        Measure("publish_receipts_per_s", fast.receipts_per_s, "1/s"),
        Measure("publish_unary_per_s", unary.delivered_per_s, "1/s", "a call for each"),
        Measure("publish_recipients", recipients, "on average"),
        against_target(
            "publish_to_delivered_p99_ms", steady.delivered_p99_ms, "ms", DELIVERED_TARGET_MS
        ),
        Measure("publish_to_delivered_p50_ms", steady.delivered_p50_ms, "ms"),
        Measure("publish_refused", refused, "mutations", "without a receipt"),
        Measure("publish_undelivered", lost, "mutations", within),
    ]


def _mutations(run: str) -> Iterator[exchange_pb2.PublishRequest]:
    """A new employment of one worker after another, for ever."""
    today = clock.today().isoformat()
    for number, ssin in enumerate(itertools.cycle(population.ssins())):
        attestation = any_pb2.Any()
        attestation.Pack(
            attestations_pb2.EmploymentPeriod(
                period=types_pb2.Period(begin=today),
                employer_enterprise_number=cast.BREWERY,
                employer_nsso_number=cast.BREWERY_NSSO,
                worker_type="OTH",
                joint_commission="XXX",
            )
        )
        yield exchange_pb2.PublishRequest(
            request_id=f"bench-{run}-{number}",
            mutation=exchange_pb2.Mutation(
                ssin=ssin,
                data_sort="employment_period",
                kind=exchange_pb2.MUTATION_KIND_CREATED,
                period=types_pb2.Period(begin=today),
                attestation=attestation,
            ),
        )


def _take(mutations: Iterator[exchange_pb2.PublishRequest], count: int) -> list[str]:
    return [m.SerializeToString().hex() for m in itertools.islice(mutations, count)]


async def _recipients(stage: Stage, tickets: list[str]) -> float:
    """To how many institutions these mutations were allowed to go, on average."""
    told = 0
    for ticket in tickets:
        found = await stage.ledger(AUDITOR).ListAccesses(
            ledger_pb2.ListAccessesRequest(
                ticket=ticket,
                kind=ledger_pb2.ENTRY_KIND_DISTRIBUTION,
                outcome=ledger_pb2.OUTCOME_ALLOWED,
            )
        )
        told += len(found.accesses)
    return told / len(tickets)
