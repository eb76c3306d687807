"""The waterfall of a ticket is found in the span files as the processes write them."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import Link, Tracer, set_span_in_context
from rich.console import Console

from console import traces
from mesh.span_export import SpanFile

TICKET = "ABCDEFGHIJ12345"


def process(folder: Path, name: str) -> Tracer:
    provider = TracerProvider(resource=Resource({"service.name": name}), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(SpanFile(folder / f"{name}.jsonl")))
    return provider.get_tracer("test")


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """One exchange with a child in another process and a part that travelled in a batch."""
    router, ledger = process(tmp_path, "router"), process(tmp_path, "ledger")
    with router.start_as_current_span("consult") as consult:
        consult.set_attribute(traces.TICKET, TICKET)
        with ledger.start_as_current_span("append"):
            pass
    with router.start_as_current_span("another") as another:
        another.set_attribute(traces.TICKET, "Z" * 15)
    batch = ledger.start_span(
        "batch",
        context=set_span_in_context(another),
        links=[Link(consult.get_span_context())],
    )
    ledger.start_span("insert", context=set_span_in_context(batch)).end()
    batch.end()
    return tmp_path


def test_a_ticket_finds_its_trace_and_the_batches_it_travelled_in(written: Path) -> None:
    rows = traces.tree(traces.find(written, TICKET))

    assert [(row.depth, row.span.name, row.span.service) for row in rows] == [
        (0, "consult", "router"),
        (1, "append", "ledger"),
        (1, "batch", "ledger"),
        (2, "insert", "ledger"),
    ]


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
