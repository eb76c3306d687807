"""The same parts worked out by threads here, and by workers of a Dask scheduler."""

from __future__ import annotations

import sys
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from sandbox import citizens
from services.rights import census, rulebook
from services.rights.crew import Crew, NoDask
from services.rights.entitled import Entitled
from services.rights.population import Population

RULES = rulebook.load(Path(rulebook.__file__).parent).rules
TODAY = date(2026, 7, 1)


def country() -> list[Population]:
    return [citizens.part(5, place) for place in range(2)]


def content(found: list[tuple[str, Entitled]]) -> dict[str, tuple[list[int], ...]]:
    return {
        right: tuple(
            np.asarray(column).tolist()
            for column in (each.days.who, each.days.begin, each.days.end, each.renewable)
        )
        for right, each in found
    }


def test_what_comes_of_each_part_comes_in_their_order() -> None:
    assert list(Crew(workers=3).each(lambda part: part * part, range(20))) == [
        part * part for part in range(20)
    ]


def test_workers_elsewhere_find_the_same() -> None:
    distributed = pytest.importorskip(
        "distributed", reason="the extra `dask` is not installed: nothing is spread over workers"
    )
    work, parts = partial(census.work_out, dict(RULES), TODAY, date.min), country()
    here = [content(found) for found in Crew(workers=2).each(work, parts)]
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as cluster:
        crew = Crew(cluster.scheduler_address, 2)
        there = [content(found) for found in crew.each(work, parts)]
    assert here == there


def test_a_scheduler_without_the_extra_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(NoDask, match="extra"):
        list(Crew("tcp://127.0.0.1:1").each(len, [""]))
