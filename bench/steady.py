"""Consultations at a steady rate, by schedule: what they take where nobody waits for the last."""

from __future__ import annotations

from pathlib import Path

from bench import consult, population
from bench.arrivals import Arrivals, measure
from bench.results import Measure, against_target
from sandbox.story.stage import Stage

PER_S = 300.0
LASTS_S = 12.0
P50_TARGET_MS = 8.0
P999_TARGET_MS = 60.0


async def run(endpoints: Path) -> list[Measure]:
    """One institution asks, whether or not its earlier questions have been answered."""
    stage = Stage(endpoints)
    await population.settle(stage)
    arrivals = Arrivals(
        stage.address("router"),
        "router",
        str(stage.folder(population.CENTRE)),
        consult.CONSULT,
        [question.SerializeToString().hex() for question in population.questions()],
        PER_S,
        LASTS_S,
    )
    await stage.close()
    arrived = await measure(arrivals)
    if not arrived.answered:
        raise ChildProcessError("no consultation was answered")
    unanswered = (arrived.calls - arrived.answered) / arrived.calls
    return [
        against_target("consult_steady_p50_ms", arrived.p50_ms, "ms", P50_TARGET_MS),
        against_target("consult_steady_p999_ms", arrived.p999_ms, "ms", P999_TARGET_MS),
        against_target("consult_steady_sent_per_s", arrived.sent_per_s, "1/s", PER_S),
        Measure("consult_steady_unanswered_share", unanswered, "", "none may be"),
    ]
