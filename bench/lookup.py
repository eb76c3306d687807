"""How long the repertory takes to look persons up, in registers of two sizes."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

from crossroads.repertory.v1 import repertory_pb2, repertory_pb2_grpc

from bench.results import Measure, against_target
from mesh.channels import Channel
from sandbox import nation
from sandbox.story.stage import Stage

SMALL = 1_000_000 // nation.LINES_A_PERSON
NATION = 11_700_000
BATCH = 16
CALLS = 1_500
WARM = 200
SEED = 7
LOAD_TARGET_S = 720.0
GROWTH_TARGET = 1.5
Fill = Callable[[int, int], float]


async def run(endpoints: Path, fill: Fill, persons: int = NATION) -> list[Measure]:
    """`fill` loads the persons from a first to a last one and says how long it took."""
    stage = Stage(endpoints)
    channel = stage.channel("service/router", "repertory")
    fill(0, SMALL)
    small = await _p99_ms(channel, SMALL)
    took = fill(SMALL, persons)
    large = await _p99_ms(channel, persons)
    await stage.close()
    ratio = large / small
    yardstick = f"at {SMALL * nation.LINES_A_PERSON:,} lines"
    return [
        against_target("nation_load_s", took, "s", LOAD_TARGET_S),
        Measure("nation_lines", persons * nation.LINES_A_PERSON, "lines"),
        Measure("lookup_p99_ms", large, "ms", yardstick, ratio),
        against_target("lookup_growth_ratio", ratio, "", GROWTH_TARGET),
    ]


async def _p99_ms(channel: Channel, persons: int) -> float:
    """Of batches of persons drawn from the whole register, one caller at a time."""
    drawn = random.Random(SEED)  # noqa: S311 - a draw that can be made again
    stub = repertory_pb2_grpc.RepertoryStub(channel)
    took = []
    for _ in range(WARM + CALLS):
        ssins = [nation.ssin(drawn.randrange(persons)) for _ in range(BATCH)]
        began = time.perf_counter()
        answer = await stub.BatchLookup(repertory_pb2.BatchLookupRequest(ssins=ssins))
        took.append(time.perf_counter() - began)
        if any(len(p.inscriptions) < nation.LINES_A_PERSON for p in answer.persons):
            raise ChildProcessError("the repertory does not know the persons that were loaded")
    return sorted(took[WARM:])[int(CALLS * 0.99)] * 1000
