"""Spans that matter are kept, and nothing that is written names a person."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.context import Context, attach, detach
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import Status, StatusCode, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from mesh import span_export, telemetry

PROGRAM = """
import logging
from pathlib import Path
import structlog
from mesh import telemetry
from mesh.settings import Settings

telemetry.setup(Settings(name="probe", tls=Path("."), state=Path({state!r})))
with telemetry.span("asking", crossroads__ticket="T"):
    structlog.get_logger().info("about 85073003328", person="85073003328")
    logging.getLogger("library").warning("key (85073003328) exists")
    try:
        raise ValueError("85073003328")
    except ValueError:
        structlog.get_logger().exception("failed")
"""


class Kept(SpanExporter):
    def __init__(self) -> None:
        self.names: list[str] = []

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.names.extend(span.name for span in spans)
        return SpanExportResult.SUCCESS


@pytest.mark.parametrize(("ratio", "kept"), [(0.0, ["bad"]), (1.0, ["good", "bad"])])
def test_a_bad_span_is_kept_whatever_the_share(ratio: float, kept: list[str]) -> None:
    exporter = Kept()
    keeper = span_export.Keeper(exporter)
    provider = TracerProvider(sampler=span_export.Sampler(ratio))
    provider.add_span_processor(keeper)
    tracer = provider.get_tracer("test")
    tracer.start_span("good").end()
    with tracer.start_as_current_span("bad") as span:
        span.set_status(Status(StatusCode.ERROR))
    keeper.force_flush()
    keeper.shutdown()
    assert exporter.names == kept


def test_logs_and_spans_of_a_process_name_nobody(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(state=str(tmp_path))],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    written = done.stderr + "".join(p.read_text() for p in tmp_path.rglob("*") if p.is_file())
    assert len(lines) == 3
    assert "85073003328" not in written
    spans = [json.loads(s) for s in (tmp_path / "traces" / "probe.jsonl").read_text().splitlines()]
    assert [span["attributes"]["crossroads.ticket"] for span in spans] == ["T"]
    assert {line["trace_id"] for line in lines} == {spans[0]["trace_id"]}


@given(st.integers(1, (1 << 128) - 1), st.integers(1, (1 << 64) - 1), st.integers(0, 1))
def test_a_traceparent_is_read_as_the_standard_reads_it(trace: int, span: int, flags: int) -> None:
    parent = f"00-{trace:032x}-{span:016x}-{flags:02x}"
    ours = get_current_span(telemetry.context_of(parent)).get_span_context()
    standard = TraceContextTextMapPropagator().extract({"traceparent": parent}, Context())
    assert ours == get_current_span(standard).get_span_context()
    token = attach(telemetry.context_of(parent))
    assert telemetry.traceparent() == parent
    detach(token)


@pytest.mark.parametrize(
    "parent",
    [
        "",
        "00",
        "zz-" + "0" * 32,
        f"ff-{1:032x}-{1:016x}-01",
        f"00-{0:032x}-{1:016x}-01",
        "00-x-y-z",
    ],
)
def test_what_is_no_traceparent_begins_a_trace_of_its_own(parent: str) -> None:
    assert not get_current_span(telemetry.context_of(parent)).get_span_context().is_valid


def test_a_span_file_does_not_grow_without_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(span_export, "MOST_BYTES", 100)
    file = span_export.SpanFile(tmp_path / "spans.jsonl")
    keeper = span_export.Keeper(file)
    provider = TracerProvider()
    provider.add_span_processor(keeper)
    for _ in range(5):
        provider.get_tracer("test").start_span("one").end()
        keeper.force_flush()
    keeper.shutdown()
    sizes = {p.name: len(p.read_text().splitlines()) for p in tmp_path.iterdir()}
    assert set(sizes) == {"spans.jsonl", "spans.1.jsonl"}
    assert sum(sizes.values()) <= 2
