"""Every right of a whole invented country at once."""

from __future__ import annotations

import resource
import time
from collections.abc import Mapping
from datetime import date
from functools import partial
from pathlib import Path

from bench.results import Measure, against_target
from sandbox import citizens
from services.rights import census, rulebook
from services.rights.crew import Crew
from services.rights.domain import Rule
from services.rights.entitled import Entitled
from services.rights.population import Population

RULES = Path(__file__).parents[1] / "services" / "rights"
TODAY = date(2026, 7, 1)
SEED = 1
NATION_PARTS = 117
"""11.7 million persons."""
EVAL_TARGET_S = 5.0
RSS_TARGET_MB = 3_000.0


def evaluated(parts: int = NATION_PARTS, crew: Crew | None = None) -> list[Measure]:
    """The evaluation alone; the columns are in memory before the clock starts."""
    rules = rulebook.load(RULES).rules
    country = [citizens.part(SEED, place) for place in range(parts)]
    work = partial(_counted, rules, TODAY)
    list((crew or Crew()).each(work, country[:1]))
    used, began = time.process_time(), time.perf_counter()
    entitlements = sum((crew or Crew()).each(work, country))
    took, cpu = time.perf_counter() - began, time.process_time() - used
    persons = sum(map(len, country))
    nation = f"{persons:,} persons, {len(rules)} rights, {entitlements:,} entitlements"
    scaled = NATION_PARTS * citizens.PERSONS / persons
    return [
        against_target("population_eval_s", took * scaled, "s", EVAL_TARGET_S),
        Measure("population_eval_cpu_s", cpu * scaled, "s", nation),
        against_target("population_rss_mb", _peak_mb(), "MB", RSS_TARGET_MB),
    ]


def _counted(rules: Mapping[str, Rule], today: date, population: Population) -> int:
    """Only their number: what was found is not kept."""
    found: list[tuple[str, Entitled]] = census.work_out(rules, today, population)
    return sum(len(entitled) for _, entitled in found)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
