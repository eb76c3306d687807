"""The waterfall of a ticket is found in the span files as the processes write them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from console import traces
from mesh import telemetry
from mesh.span_export import SpanFile
from mesh.spans import span

TICKET = "ABCDEFGHIJ12345"


@contextmanager
def piece(folder: Path, process: str, name: str, **options: Any) -> Iterator[span]:
    """A span as a process writes it down."""
    with telemetry.span(name, **options) as one:
        yield one
    SpanFile(folder / f"{process}.jsonl", process).export([one])


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """One exchange with a child in another process and a part that travelled in a batch."""
    with piece(tmp_path, "router", "consult", crossroads__ticket=TICKET) as consult:  # noqa: SIM117
        with piece(tmp_path, "ledger", "append"):
            pass
    with piece(tmp_path, "router", "another", crossroads__ticket="Z" * 15):  # noqa: SIM117
        with piece(tmp_path, "ledger", "batch", links=[consult.traceparent]):
            with piece(tmp_path, "ledger", "insert"):
                pass
    return tmp_path


def test_a_ticket_finds_its_trace_and_the_batches_it_travelled_in(written: Path) -> None:
    rows = traces.tree(traces.find(written, TICKET))

    assert [(row.depth, row.span.name, row.span.service) for row in rows] == [
        (0, "consult", "router"),
        (1, "append", "ledger"),
        (1, "batch", "ledger"),
        (2, "insert", "ledger"),
    ]


def test_a_ticket_of_a_batch_finds_the_trace_of_the_batch(tmp_path: Path) -> None:
    several = f"{'A' * 15} {TICKET}"
    with piece(tmp_path, "router", "batch", crossroads__tickets=several):
        pass
    assert [span.name for span in traces.find(tmp_path, TICKET)] == ["batch"]
    assert traces.find(tmp_path, TICKET[:-1]) == []


def test_an_unknown_ticket_finds_nothing(written: Path) -> None:
    assert traces.find(written, "NOBODYSTICKET00") == []


def test_a_half_written_line_is_left_out(written: Path) -> None:
    with (written / "router.jsonl").open("a") as file:
        file.write(f'{{"trace_id": "{TICKET}')
    assert len(traces.find(written, TICKET)) == 4


def test_every_span_is_a_line_of_the_drawing(written: Path) -> None:
    screen = StringIO()
    Console(width=120, file=screen).print(traces.draw(traces.tree(traces.find(written, TICKET))))
    drawn = screen.getvalue().splitlines()
    assert [line.split()[0] for line in drawn[1:]] == ["consult", "append", "batch", "insert"]
    assert all("█" in line for line in drawn[1:])
