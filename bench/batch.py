"""Consultations in batches of a hundred persons, several batches under way."""

from __future__ import annotations

from pathlib import Path

from crossroads.router.v1 import exchange_pb2

from bench import population
from bench.load import Load, measure
from bench.results import Measure, against_target
from sandbox.story.stage import Stage

BATCH = 100
CALLERS = 4
CALLS = 1200
MOST_S = 10.0
PERSONS_PER_S_TARGET = 12_000.0
METHOD = "/crossroads.router.v1.Exchange/BatchConsult"


async def run(endpoints: Path) -> list[Measure]:
    """Every person of a batch is another one."""
    stage = Stage(endpoints)
    await population.settle(stage)
    batch = exchange_pb2.BatchConsultRequest(consultations=population.questions()[:BATCH])
    load = Load(
        stage.address("router"),
        "router",
        str(stage.folder(population.CENTRE)),
        METHOD,
        [batch.SerializeToString().hex()],
        CALLERS,
        CALLS,
        most_s=MOST_S,
    )
    await stage.close()
    measured = (await measure(load)).whole()
    persons_per_s = measured.per_s * BATCH
    return [
        against_target("batch_consult_persons_per_s", persons_per_s, "1/s", PERSONS_PER_S_TARGET),
        Measure("batch_consult_p50_ms", measured.p50_ms, "ms"),
    ]
