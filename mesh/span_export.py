"""Which spans are kept, and where they and the metrics go."""

from __future__ import annotations

import atexit
import json
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from opentelemetry.sdk.metrics.export import MetricExporter, MetricExportResult, MetricsData
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, Status, StatusCode, TraceFlags

from mesh import spans
from mesh.settings import Settings
from mesh.spans import Place, span

SLOW_NS = 200_000_000
MOST_WAITING = 20_000
EVERY_S = 0.5
MOST_BYTES = 64 << 20
SCOPE = InstrumentationScope("crossroads")


class Exporter(Protocol):
    """Where spans leave the process."""

    def export(self, batch: Sequence[span]) -> None: ...

    def shutdown(self) -> None: ...


class Keeper:
    """Exports the spans of sampled traces, and the bad and the slow ones of every other.

    A thread sends twice a second. What waits is bounded: when the exporter cannot keep up,
    the oldest spans are dropped, never the work they describe.
    """

    def __init__(self, exporter: Exporter) -> None:
        self._exporter = exporter
        self._waiting: deque[span] = deque(maxlen=MOST_WAITING)
        self._stop = threading.Event()
        self._sending = threading.Lock()
        self._thread = threading.Thread(target=self._send_regularly, name="spans", daemon=True)
        self._thread.start()
        atexit.register(self.shutdown)

    def ended(self, one: span) -> None:
        if one.place.sampled or one.is_bad or one.ended_ns - one.begun_ns > SLOW_NS:
            self._waiting.append(one)

    def flush(self) -> None:
        with self._sending:
            batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
            if batch:
                self._exporter.export(batch)

    def shutdown(self) -> None:
        if not self._stop.is_set():
            self._stop.set()
            self.flush()
            self._exporter.shutdown()

    def _send_regularly(self) -> None:
        while not self._stop.wait(EVERY_S):
            self.flush()


class SpanFile:
    """The last traces as JSON lines in a file, for `crossroads trace`; at most two times 64 MiB."""

    def __init__(self, path: Path, service: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._service = service

    def export(self, batch: Sequence[span]) -> None:
        if self._path.exists() and self._path.stat().st_size > MOST_BYTES:
            self._path.replace(self._path.with_suffix(".1.jsonl"))
        with self._path.open("a", encoding="utf-8") as file:
            file.writelines(
                json.dumps(_plain(one, self._service), separators=(",", ":")) + "\n"
                for one in batch
            )

    def shutdown(self) -> None:
        """Nothing is held open."""


class Collector:
    """An OpenTelemetry collector, reached by OTLP."""

    def __init__(self, endpoint: str, resource: Resource) -> None:
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import (  # noqa: PLC0415 - heavy
            OTLPSpanExporter,
        )

        self._exporter = OTLPSpanExporter(endpoint)
        self._resource = resource

    def export(self, batch: Sequence[span]) -> None:
        self._exporter.export([readable(one, self._resource) for one in batch])

    def shutdown(self) -> None:
        self._exporter.shutdown()


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


def keeper(settings: Settings, resource: Resource) -> Keeper:
    if settings.otlp_endpoint:
        return Keeper(Collector(settings.otlp_endpoint, resource))
    return Keeper(SpanFile(settings.state / "traces" / f"{settings.name}.jsonl", settings.name))


def readable(one: span, resource: Resource) -> ReadableSpan:
    """A span in the form of the OpenTelemetry SDK, as its exporters take it."""
    above = Place(one.place.trace_id, one.parent_id, one.place.sampled)
    return ReadableSpan(
        name=one.name,
        context=_context(one.place, is_remote=False),
        parent=_context(above, is_remote=True) if one.parent_id else None,
        resource=resource,
        attributes=one.attributes,
        links=[Link(_context(link, is_remote=True)) for link in _links(one)],
        kind=one.kind,
        status=Status(StatusCode.ERROR if one.is_bad else StatusCode.UNSET),
        start_time=one.begun_ns,
        end_time=one.ended_ns,
        instrumentation_scope=SCOPE,
    )


def _context(place: Place, *, is_remote: bool) -> SpanContext:
    return SpanContext(
        place.trace_id, place.span_id, is_remote=is_remote, trace_flags=TraceFlags(place.sampled)
    )


def _links(one: span) -> list[Place]:
    return [place for place in map(spans.read, one.links) if place is not None]


def _plain(one: span, service: str) -> dict[str, Any]:
    return {
        "trace_id": format(one.place.trace_id, "032x"),
        "span_id": format(one.place.span_id, "016x"),
        "parent_id": format(one.parent_id, "016x") if one.parent_id else "",
        "name": one.name,
        "service": service,
        "kind": one.kind.name,
        "start_ns": one.begun_ns,
        "end_ns": one.ended_ns,
        "status": "ERROR" if one.is_bad else "UNSET",
        "attributes": one.attributes,
        "links": [
            {"trace_id": format(link.trace_id, "032x"), "span_id": format(link.span_id, "016x")}
            for link in _links(one)
        ],
    }
