"""Three times the load that the mesh carries: whom it answers, how soon, and whom it turns away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from bench import arrivals, consult, load, population
from bench.arrivals import Arrivals, Arrived
from bench.load import Load
from bench.results import Measure, against_target
from sandbox.story.stage import Stage

TIMES = 3.0
CALLERS = 64
CALLS = 100_000
CARRIED_S = 5.0
"""How long what it carries is measured, just before."""
LASTS_S = 10.0
LOOK_EVERY_S = 0.1
P99_TARGET_MS = 2_000.0
Memory = Callable[[], float]


async def run(endpoints: Path, memory: Memory) -> list[Measure]:
    """`memory` tells how many megabytes the router holds now; its most during the load counts."""
    stage = Stage(endpoints)
    await population.settle(stage)
    requests = [question.SerializeToString().hex() for question in population.questions()]
    tls = str(stage.folder(population.CENTRE))
    to = (stage.address("router"), "router", tls, consult.CONSULT, requests)
    await stage.close()
    carried = (await load.measure(Load(*to, CALLERS, CALLS, most_s=CARRIED_S))).whole()
    before = memory()
    arrived, most = await _watched(Arrivals(*to, carried.per_s * TIMES, LASTS_S), memory)
    failed = sum(arrived.failed.values())
    offered = f"of {arrived.sent_per_s:.0f}/s offered, {carried.per_s:.0f}/s carried"
    named = ", ".join(sorted(arrived.failed)) or "neither answered nor told to come back"
    return [
        against_target("overload_p99_ms", arrived.p99_ms, "ms", P99_TARGET_MS),
        Measure("overload_answered_per_s", arrived.answered_per_s, "1/s", offered),
        Measure(
            "overload_refused_share", arrived.refused / arrived.calls, "", "RESOURCE_EXHAUSTED"
        ),
        Measure(
            "overload_refused_untold", arrived.refused - arrived.told_when, "calls", "none may be"
        ),
        Measure("overload_retry_p50_ms", arrived.retry_ms, "ms", "told in RetryInfo"),
        Measure("overload_failed_share", failed / arrived.calls, "", named),
        Measure("overload_rss_growth_mb", most - before, "MB", f"from {before:.0f} MB"),
    ]


async def _watched(overload: Arrivals, memory: Memory) -> tuple[Arrived, float]:
    """What came of a load, and the most memory held during it."""
    most = memory()
    arriving = asyncio.create_task(arrivals.measure(overload))
    while not arriving.done():
        most = max(most, memory())
        await asyncio.wait([arriving], timeout=LOOK_EVERY_S)
    return await arriving, max(most, memory())
