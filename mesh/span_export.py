"""Which spans are kept, and where they and the metrics go."""

from __future__ import annotations

import atexit
import json
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.metrics.export import MetricExporter, MetricExportResult, MetricsData
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace import sampling as sdk_sampling
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import Link, SpanKind, StatusCode
from opentelemetry.trace.span import TraceState
from opentelemetry.util.types import Attributes

from mesh.settings import Settings

SLOW_NS = 200_000_000
MOST_WAITING = 20_000
EVERY_S = 0.5
MOST_BYTES = 64 << 20


class Sampler(sdk_sampling.Sampler):
    """Samples a share of the traces and records the rest, so that bad spans can still be kept."""

    def __init__(self, ratio: float) -> None:
        self._inner = sdk_sampling.ParentBased(sdk_sampling.TraceIdRatioBased(ratio))

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> sdk_sampling.SamplingResult:
        result = self._inner.should_sample(
            parent_context, trace_id, name, kind, attributes, links, trace_state
        )
        if result.decision is sdk_sampling.Decision.DROP:
            return sdk_sampling.SamplingResult(
                sdk_sampling.Decision.RECORD_ONLY, attributes, result.trace_state
            )
        return result

    def get_description(self) -> str:
        return "Crossroads"


class Keeper(SpanProcessor):
    """Exports sampled spans, and the bad and the slow ones of every other trace.

    A thread sends twice a second. What waits is bounded: when the exporter cannot keep up,
    the oldest spans are dropped, never the work they describe.
    """

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self._waiting: deque[ReadableSpan] = deque(maxlen=MOST_WAITING)
        self._stop = threading.Event()
        self._sending = threading.Lock()
        self._thread = threading.Thread(target=self._send_regularly, name="spans", daemon=True)
        self._thread.start()
        atexit.register(self.shutdown)

    def on_end(self, span: ReadableSpan) -> None:
        if (span.context and span.context.trace_flags.sampled) or _is_bad(span) or _is_slow(span):
            self._waiting.append(span)

    def force_flush(self, timeout_millis: int = 30_000) -> bool:  # noqa: ARG002 - its interface
        with self._sending:
            batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
            if batch:
                self._exporter.export(batch)
        return True

    def shutdown(self) -> None:
        if not self._stop.is_set():
            self._stop.set()
            self.force_flush()
            self._exporter.shutdown()

    def _send_regularly(self) -> None:
        while not self._stop.wait(EVERY_S):
            self.force_flush()


class SpanFile(SpanExporter):
    """The last traces as JSON lines in a file, for `crossroads trace`; at most two times 64 MiB."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        if self._path.exists() and self._path.stat().st_size > MOST_BYTES:
            self._path.replace(self._path.with_suffix(".1.jsonl"))
        with self._path.open("a", encoding="utf-8") as file:
            file.writelines(
                json.dumps(_plain(span), separators=(",", ":")) + "\n" for span in spans
            )
        return SpanExportResult.SUCCESS


class MetricFile(MetricExporter):
    """The newest metrics as JSON in a file."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path

    def export(
        self,
        metrics_data: MetricsData,
        timeout_millis: float = 10_000,  # noqa: ARG002 - its interface
        **_: Any,
    ) -> MetricExportResult:
        self._path.write_text(metrics_data.to_json(), "utf-8")
        return MetricExportResult.SUCCESS

    def force_flush(self, timeout_millis: float = 10_000) -> bool:  # noqa: ARG002
        return True

    def shutdown(self, timeout_millis: float = 30_000, **_: Any) -> None:
        """Nothing is held open."""


def processor(settings: Settings) -> SpanProcessor:
    if not settings.otlp_endpoint:
        return Keeper(SpanFile(settings.state / "traces" / f"{settings.name}.jsonl"))
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import (  # noqa: PLC0415 - heavy
        OTLPSpanExporter,
    )

    return Keeper(OTLPSpanExporter(settings.otlp_endpoint))


def _is_bad(span: ReadableSpan) -> bool:
    return span.status.status_code is StatusCode.ERROR


def _is_slow(span: ReadableSpan) -> bool:
    return (span.end_time or 0) - (span.start_time or 0) > SLOW_NS


def _plain(span: ReadableSpan) -> dict[str, Any]:
    context = span.get_span_context()
    assert context is not None
    return {
        "trace_id": format(context.trace_id, "032x"),
        "span_id": format(context.span_id, "016x"),
        "parent_id": format(span.parent.span_id, "016x") if span.parent else "",
        "name": span.name,
        "service": span.resource.attributes["service.name"],
        "kind": span.kind.name,
        "start_ns": span.start_time,
        "end_ns": span.end_time,
        "status": span.status.status_code.name,
        "attributes": dict(span.attributes or {}),
        "links": [
            {
                "trace_id": format(link.context.trace_id, "032x"),
                "span_id": format(link.context.span_id, "016x"),
            }
            for link in span.links
        ],
    }
