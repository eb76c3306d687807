"""Spans that matter are kept, and nothing that is written names a person."""

from __future__ import annotations

import contextvars
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.sampling import Decision, TraceIdRatioBased
from opentelemetry.trace import StatusCode, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from mesh import span_export, spans, telemetry

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


class Kept:
    def __init__(self) -> None:
        self.names: list[str] = []

    def export(self, batch: Sequence[spans.span]) -> None:
        self.names.extend(span.name for span in batch)

    def shutdown(self) -> None:
        """Nothing is held open."""


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    yield
    spans.record(spans._forget, 1.0)


@pytest.mark.parametrize(
    ("ratio", "kept"), [(0.0, ["bad", "slow"]), (1.0, ["good", "bad", "slow"])]
)
def test_a_bad_and_a_slow_span_are_kept_whatever_the_share(ratio: float, kept: list[str]) -> None:
    exporter = Kept()
    keeper = span_export.Keeper(exporter)
    spans.record(keeper.ended, ratio)
    with telemetry.span("good"):
        pass
    with pytest.raises(ValueError), telemetry.span("bad"):  # noqa: PT011 - ours
        raise ValueError
    with telemetry.span("slow") as slow:
        slow.begun_ns -= 2 * span_export.SLOW_NS
    keeper.flush()
    keeper.shutdown()
    assert exporter.names == kept


@given(st.floats(0, 1), st.integers(0, (1 << 128) - 1))
def test_a_trace_is_sampled_as_the_standard_samples_it(ratio: float, trace: int) -> None:
    spans.record(spans._forget, ratio)
    standard = TraceIdRatioBased(ratio).should_sample(None, trace, "")
    assert spans._recorder.samples(trace) is (standard.decision is Decision.RECORD_AND_SAMPLE)


def test_a_child_is_of_its_parents_trace_and_sampled_as_it_is() -> None:
    spans.record(spans._forget, 0.0)
    with (
        telemetry.span("asking", parent=f"00-{7:032x}-{9:016x}-01") as asking,
        telemetry.span("answering") as answering,
    ):
        assert telemetry.traceparent() == answering.traceparent
    assert (asking.place.trace_id, asking.parent_id, asking.place.sampled) == (7, 9, True)
    assert (answering.place.trace_id, answering.place.sampled) == (7, True)
    assert answering.parent_id == asking.place.span_id
    assert telemetry.traceparent() == ""


def test_a_collector_is_given_what_the_sdk_would_have_made() -> None:
    link = f"00-{3:032x}-{4:016x}-00"
    with telemetry.span("asking", links=[link, "no trace"], crossroads__ticket="T") as one:
        telemetry.note(crossroads__decision="PERMITTED")
        one.fail(ValueError)
    made = span_export.readable(one, Resource({"service.name": "probe"}))
    sent = encode_spans([made]).resource_spans[0].scope_spans[0].spans[0]
    assert sent.trace_id == one.place.trace_id.to_bytes(16, "big")
    assert sent.span_id == one.place.span_id.to_bytes(8, "big")
    assert sent.parent_span_id == b""
    assert [each.span_id for each in sent.links] == [(4).to_bytes(8, "big")]
    assert {each.key: each.value.string_value for each in sent.attributes} == {
        "crossroads.ticket": "T",
        "crossroads.decision": "PERMITTED",
        "error.type": "ValueError",
    }
    assert sent.status.code == StatusCode.ERROR.value
    assert 0 < sent.start_time_unix_nano <= sent.end_time_unix_nano


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
    ours = spans.read(parent)
    carrier = {"traceparent": parent}
    standard = get_current_span(
        TraceContextTextMapPropagator().extract(carrier, Context())
    ).get_span_context()
    assert ours == (standard.trace_id, standard.span_id, standard.trace_flags.sampled)


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
    assert spans.read(parent) is None
    with telemetry.span("asking", parent=parent) as asking:
        assert (asking.parent_id, bool(asking.place.trace_id)) == (0, True)


def test_a_span_file_does_not_grow_without_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(span_export, "MOST_BYTES", 100)
    keeper = span_export.Keeper(span_export.SpanFile(tmp_path / "spans.jsonl", "test"))
    spans.record(keeper.ended, 1.0)
    for _ in range(5):
        with telemetry.span("one"):
            pass
        keeper.flush()
    keeper.shutdown()
    sizes = {p.name: len(p.read_text().splitlines()) for p in tmp_path.iterdir()}
    assert set(sizes) == {"spans.jsonl", "spans.1.jsonl"}
    assert sum(sizes.values()) <= 2


def test_a_span_can_end_in_another_context_than_it_began_in() -> None:
    one = telemetry.span("a stream that is left")
    contextvars.copy_context().run(one.__enter__)
    one.__exit__()
    assert one.ended_ns
    assert telemetry.traceparent() == ""
