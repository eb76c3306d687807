"""Traces and metrics of a process, in the stable conventions of OpenTelemetry."""

from __future__ import annotations

from collections.abc import Sequence

from opentelemetry import metrics, trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import (
    INVALID_SPAN_CONTEXT,
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
)

from mesh import logs, span_export
from mesh.settings import Settings

TRACER = trace.get_tracer("crossroads")
DURATION = metrics.get_meter("crossroads").create_histogram(
    "rpc.server.call.duration", unit="s", description="How long calls took to serve."
)


def setup(settings: Settings) -> None:
    """Send spans, metrics and logs where the settings say. Once a process."""
    resource = Resource({"service.name": settings.name, "service.namespace": "crossroads"})
    provider = TracerProvider(
        resource=resource, sampler=span_export.Sampler(settings.trace_ratio), shutdown_on_exit=True
    )
    provider.add_span_processor(span_export.processor(settings))
    trace.set_tracer_provider(provider)
    metrics.set_meter_provider(MeterProvider([_reader(settings)], resource=resource))
    logs.setup(settings.name)


def _reader(settings: Settings) -> MetricReader:
    if settings.otlp_endpoint:
        from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import (  # noqa: PLC0415
            OTLPMetricExporter,
        )

        return PeriodicExportingMetricReader(OTLPMetricExporter(settings.otlp_endpoint))
    return PeriodicExportingMetricReader(
        span_export.MetricFile(settings.state / "metrics" / f"{settings.name}.json"),
        export_interval_millis=5000,
    )


class span:  # noqa: N801 - read as a word: `with telemetry.span("asking"):`
    """A span around a block, child of `parent` (a traceparent) or of the current span.

    Attribute names take `__` for a dot: `crossroads__ticket`. An exception marks the span
    by its class, unless `status_on_exception` says that the block itself tells how it went;
    its message is not recorded, for it might name a person.
    """

    __slots__ = ("_span", "_status_on_exception", "_token")

    def __init__(
        self,
        name: str,
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        parent: str = "",
        links: Sequence[str] = (),
        status_on_exception: bool = True,
        **attributes: str | float | bool,
    ) -> None:
        self._status_on_exception = status_on_exception
        self._span = TRACER.start_span(
            name,
            context=context_of(parent) if parent else None,
            kind=kind,
            links=[Link(c) for c in map(_span_context, links) if c.is_valid],
            attributes={key.replace("__", "."): value for key, value in attributes.items()},
            record_exception=False,
            set_status_on_exception=False,
        )

    def __enter__(self) -> Span:
        self._token = attach(trace.set_span_in_context(self._span))
        return self._span

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        detach(self._token)
        if kind is not None and self._status_on_exception:
            self._span.set_attribute("error.type", kind.__name__)
            self._span.set_status(Status(StatusCode.ERROR))
        self._span.end()


def traceparent() -> str:
    """The current span as W3C traceparent; empty outside any trace."""
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return ""
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def context_of(parent: str) -> Context:
    """The context of a traceparent; an empty one where it is none."""
    found = _span_context(parent)
    return (
        trace.set_span_in_context(NonRecordingSpan(found), Context())
        if found.is_valid
        else Context()
    )


def _span_context(parent: str) -> SpanContext:
    """W3C Trace Context, level 1: version, trace, span, flags. Anything else is no trace."""
    parts = parent.split("-")
    if [len(part) for part in parts[:4]] != [2, 32, 16, 2] or parts[0] == "ff":
        return INVALID_SPAN_CONTEXT
    try:
        ids = [int(part, 16) for part in parts[:4]]
    except ValueError:
        return INVALID_SPAN_CONTEXT
    return SpanContext(ids[1], ids[2], is_remote=True, trace_flags=TraceFlags(ids[3]))


def note(**attributes: str | float | bool) -> None:
    """Set attributes on the current span; `__` stands for a dot."""
    current = trace.get_current_span()
    for key, value in attributes.items():
        current.set_attribute(key.replace("__", "."), value)
