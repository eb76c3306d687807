"""Every right of a whole country worked out in columns: the evaluation alone, without a database.

In a process of its own, so that its memory is that of the columns.
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

import services.rights
from bench import generator
from bench.results import Measure, against_target
from sandbox import citizens
from services.rights import rulebook
from services.rights.census import Census
from services.rights.domain import Rule
from services.rights.population import Population

PERSONS = 11_700_000
SEED = 7
TODAY = date(2026, 11, 24)
EVAL_TARGET_S = 5.0
RSS_TARGET_MB = 3_000.0
THREADS = os.cpu_count() or 1


async def run() -> list[Measure]:
    """Parts of the country are invented outside of the time that counts, two or so at once."""
    parts = -(-PERSONS // citizens.PERSONS)
    found = await generator.ask("bench.census", {"parts": parts})
    return [
        against_target("population_eval_s", found["took_s"], "s", EVAL_TARGET_S),
        Measure("population_eval_cpu_s", found["cpu_s"], "s", f"on {THREADS} threads"),
        Measure("population_persons", found["persons"], "persons"),
        Measure("population_entitlements", found["entitlements"], "entitlements"),
        against_target("population_rss_mb", found["rss_mb"], "MB", RSS_TARGET_MB),
    ]


def counted(rules: Mapping[str, Rule], population: Population) -> int:
    """How many entitlements follow from a part of the country."""
    return sum(len(found) for _, found in Census(rules, population, TODAY).rights())


async def _answer(question: Any) -> Any:
    rules = rulebook.load(Path(services.rights.__path__[0])).rules
    took = cpu = 0.0
    persons = entitlements = 0
    with ThreadPoolExecutor(THREADS) as threads:
        for together in _together(question["parts"]):
            began, used = time.perf_counter(), time.process_time()
            entitlements += sum(threads.map(lambda part: counted(rules, part), together))
            took += time.perf_counter() - began
            cpu += time.process_time() - used
            persons += sum(map(len, together))
    rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    return {
        "took_s": took,
        "cpu_s": cpu,
        "persons": persons,
        "entitlements": entitlements,
        "rss_mb": rss_mb,
    }


def _together(parts: int) -> Iterator[list[Population]]:
    """As many parts as there are threads, invented meanwhile."""
    firsts = range(0, parts, THREADS)
    for first in track(firsts, "a country in columns", console=Console(stderr=True)):
        yield [citizens.part(SEED, place) for place in range(first, min(first + THREADS, parts))]


if __name__ == "__main__":
    generator.answer(_answer)
