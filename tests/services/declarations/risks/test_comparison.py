"""What was anticipated beside what was declared: only real differences, and all of them."""

from __future__ import annotations

from collections import Counter
from datetime import date
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mesh.periods import Period
from services.declarations.risks import comparison
from services.declarations.risks.domain import (
    Branch,
    Filled,
    Line,
    Quarter,
    Risk,
    Source,
    State,
)

LINES = st.lists(
    st.builds(
        Line,
        zone=st.sampled_from(["00063", "00064", "00070"]),
        worker_code=st.sampled_from(["495", "015"]),
        code=st.sampled_from(["1", "2", "10"]),
        amount=st.integers(1, 500),
    ),
    max_size=8,
).map(tuple)


def totals(lines: tuple[Line, ...]) -> Counter[tuple[str, int, int]]:
    """An independent count, by plain numbers."""
    counted: Counter[tuple[str, int, int]] = Counter()
    for line in lines:
        counted.update({(line.zone, int(line.worker_code), int(line.code)): line.amount})
    return counted


def risk(*quarters: Filled) -> Risk:
    return Risk(
        "A" * 15,
        "91041241894",
        "0400000185",
        "123456749",
        "ZIMA001",
        Branch.INCAPACITY,
        "001",
        State.INTRODUCED,
        Period(date(2026, 11, 10), date.max),
        quarters,
    )


@given(LINES, LINES)
def test_differences_are_those_of_the_totals(
    before: tuple[Line, ...], after: tuple[Line, ...]
) -> None:
    found = comparison.differences(Quarter("20264", before), Quarter("20264", after))
    ahead, declared = totals(before), totals(after)
    keys = {k for k in ahead.keys() | declared.keys() if ahead[k] != declared[k]}
    assert {(d.zone, int(d.worker_code), int(d.code)) for d in found} == keys
    for one in found:
        key = one.zone, int(one.worker_code), int(one.code)
        assert (one.anticipated, one.declared) == (ahead[key], declared[key])


@given(LINES, st.randoms())
def test_how_amounts_are_split_and_ordered_makes_no_difference(
    lines: tuple[Line, ...], chance: st.DataObject
) -> None:
    split = [
        Line(line.zone, line.worker_code, line.code.zfill(3), part)
        for line in lines
        for part in (line.amount // 2, line.amount - line.amount // 2)
    ]
    chance.shuffle(split)  # type: ignore[attr-defined]
    assert comparison.differences(Quarter("20264", lines), Quarter("20264", tuple(split))) == ()


@given(LINES, LINES)
def test_differences_turn_around(before: tuple[Line, ...], after: tuple[Line, ...]) -> None:
    there = comparison.differences(Quarter("20264", before), Quarter("20264", after))
    back = comparison.differences(Quarter("20264", after), Quarter("20264", before))
    assert [(d.zone, d.declared, d.anticipated) for d in back] == [
        (d.zone, d.anticipated, d.declared) for d in there
    ]


@given(LINES, LINES)
def test_a_quarter_that_came_is_compared_once(
    before: tuple[Line, ...], after: tuple[Line, ...]
) -> None:
    ahead = Filled("20264", Source.ANTICIPATED, Quarter("20264", before))
    declared = {"20264": Quarter("20264", after)}
    once = comparison.arrived(risk(ahead), declared)
    assert once is not None
    assert once.quarters == (Filled("20264", Source.DECLARED, declared["20264"]),)
    assert once.awaited() == ()
    assert once.version == 2
    assert comparison.arrived(once, declared) is None


def test_a_quarter_that_was_missing_is_filled_in_without_differences() -> None:
    waiting = risk(Filled("20263", Source.MISSING), Filled("20264", Source.MISSING))
    line = Line("00070", "495", "1", 100)
    came = comparison.arrived(waiting, {"20263": Quarter("20263", (line,))})
    assert came is not None
    assert came.differences == ()
    assert came.awaited() == ("20264",)


@given(LINES, LINES)
def test_every_difference_becomes_an_anomaly_that_refuses_nothing(
    before: tuple[Line, ...], after: tuple[Line, ...]
) -> None:
    found = comparison.differences(Quarter("20264", before), Quarter("20264", after))
    told = comparison.anomalies(found)
    assert len(told) == len(found)
    for difference, anomaly in zip(found, told, strict=True):
        assert anomaly.gravity == "W"
        assert anomaly.error_id == f"{difference.zone}-{'176' if difference.declared else '182'}"
    assert all(a.location <= b.location or a.tag != b.tag for a, b in pairwise(told))
