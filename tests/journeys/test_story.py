"""The whole story over the whole mesh, and what it leaves behind."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from console import state
from sandbox import cast

THROUGH = {
    1: {"story", "repertory"},
    2: {"story", "gateway", "declarations", "repertory", "router", "ledger", "sandbox"},
    4: {"story", "router", "repertory", "ledger", "rights", "sandbox"},
    5: {"story", "router", "repertory", "ledger", "declarations"},
    6: {"story", "gateway", "router", "repertory", "ledger", "declarations"},
    9: {"story", "router"},
    11: {"story", "gateway", "declarations", "router", "ledger", "rights", "sandbox"},
    12: {"story", "ledger"},
}
"""Step > processes that its trace must pass through."""
SETTLED_S = 1.5
"""Spans and metrics are written within this time."""


@dataclass(frozen=True, slots=True)
class Told:
    """The lines of a told story, and the state folder it was told in."""

    lines: list[dict[str, Any]]
    folder: Path


@pytest.fixture(scope="module")
async def told(mesh_up: dict[str, Any]) -> Told:
    folder = Path(mesh_up["state"])
    lines = await tell(folder)
    await asyncio.sleep(SETTLED_S)
    return Told(lines, folder)


async def tell(folder: Path) -> list[dict[str, Any]]:
    """Tell the story as a person does, and fail with what it says when it fails."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "console", "--state", str(folder), "demo", "--once", "--json"),
        cwd=state.PROJECT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, f"{out.decode()[-800:]}\n{err.decode()[-800:]}"
    return [json.loads(line) for line in out.splitlines()]


def test_it_is_told_in_twelve_steps(told: Told) -> None:
    assert [line["step"] for line in told.lines] == list(range(1, 13))
    assert all(line["status"] for line in told.lines)


def test_steps_that_exchange_something_bear_a_ticket(told: Told) -> None:
    with_ticket = {line["step"] for line in told.lines if line["ticket"]}
    assert with_ticket == set(range(1, 12))


def test_refusals_say_why(told: Told) -> None:
    statuses = {line["step"]: line["status"] for line in told.lines}
    assert statuses[7] == "SUBJECT_NOT_INTEGRATED"
    assert statuses[8] == "NOT_AUTHORISED"
    assert statuses[9] == "CERTIFICATE_REVOKED"


def test_every_step_is_one_trace(told: Told) -> None:
    assert len({line["trace_id"] for line in told.lines}) == 12
    spans = _spans(told.folder)
    for line in told.lines:
        trace = [span for span in spans if span["trace_id"] == line["trace_id"]]
        roots = [span["name"] for span in trace if not span["parent_id"]]
        assert roots == [f"story {line['step']}"]
        missing = THROUGH.get(line["step"], set()) - {span["service"] for span in trace}
        assert not missing, f"step {line['step']} does not pass through {missing}"


def test_no_span_of_a_step_hangs_in_the_air(told: Told) -> None:
    spans = _spans(told.folder)
    traces = {line["trace_id"] for line in told.lines}
    known = {span["span_id"] for span in spans}
    loose = [
        (span["service"], span["name"])
        for span in spans
        if span["trace_id"] in traces and span["parent_id"] and span["parent_id"] not in known
    ]
    assert loose == []


@pytest.mark.parametrize("folder", ["logs", "traces", "metrics"])
def test_no_number_of_a_person_is_in_what_is_observed(told: Told, folder: str) -> None:
    files = [file for file in (told.folder / folder).rglob("*") if file.is_file()]
    assert files
    ssins = {*cast.HOUSEHOLD, *cast.CITIZENS.values()}
    found = {
        f"{file.name}: {name}"
        for file in files
        for name, ssin in _named(ssins).items()
        if ssin in file.read_text("utf-8", errors="replace")
    }
    assert found == set()


async def test_it_can_be_told_again(told: Told) -> None:
    again = await tell(told.folder)
    assert [line["status"] for line in again] == [line["status"] for line in told.lines]
    tickets: dict[str, int] = defaultdict(int)
    for line in (*told.lines, *again):
        tickets[line["ticket"]] += 1
    assert {count for ticket, count in tickets.items() if ticket} == {1}


def _named(ssins: set[str]) -> dict[str, str]:
    """A failure names the person by place, not by number."""
    return {f"person {place}": ssin for place, ssin in enumerate(sorted(ssins))}


def _spans(folder: Path) -> list[dict[str, Any]]:
    files = sorted((folder / "traces").glob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]
