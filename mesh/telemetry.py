"""Traces, metrics and logs of a process, in the stable conventions of OpenTelemetry."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from typing import Any

import structlog
from opentelemetry import metrics, trace
from opentelemetry.context import Context
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from mesh import span_export
from mesh.settings import Settings

PROPAGATOR = TraceContextTextMapPropagator()
TRACER = trace.get_tracer("crossroads")
DURATION = metrics.get_meter("crossroads").create_histogram(
    "rpc.server.call.duration", unit="s", description="How long calls took to serve."
)
_NUMBER_OF_A_PERSON = re.compile(r"(?<!\d)\d{11}(?!\d)")


def setup(settings: Settings) -> None:
    """Send spans, metrics and logs where the settings say. Once a process."""
    resource = Resource({"service.name": settings.name, "service.namespace": "crossroads"})
    provider = TracerProvider(
        resource=resource, sampler=span_export.Sampler(settings.trace_ratio), shutdown_on_exit=True
    )
    provider.add_span_processor(span_export.processor(settings))
    trace.set_tracer_provider(provider)
    metrics.set_meter_provider(MeterProvider([_reader(settings)], resource=resource))
    _setup_logs(settings.name)


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


@contextmanager
def span(
    name: str,
    *,
    kind: SpanKind = SpanKind.INTERNAL,
    parent: str = "",
    links: Sequence[str] = (),
    **attributes: str | float | bool,
) -> Iterator[Span]:
    """A span around a block, child of `parent` (a traceparent) or of the current span.

    Attribute names take `__` for a dot: `crossroads__ticket`. An exception marks the span
    by its class; its message is not recorded, for it might name a person.
    """
    with TRACER.start_as_current_span(
        name,
        context=context_of(parent) if parent else None,
        kind=kind,
        links=[Link(c) for c in map(_span_context, links) if c.is_valid],
        attributes={key.replace("__", "."): value for key, value in attributes.items()},
        record_exception=False,
        set_status_on_exception=False,
    ) as current:
        try:
            yield current
        except BaseException as error:
            current.set_attribute("error.type", type(error).__name__)
            current.set_status(Status(StatusCode.ERROR))
            raise


def traceparent() -> str:
    """The current span as W3C traceparent; empty outside any trace."""
    carrier: dict[str, str] = {}
    PROPAGATOR.inject(carrier)
    return carrier.get("traceparent", "")


def context_of(parent: str) -> Context:
    return PROPAGATOR.extract({"traceparent": parent}, context=Context())


def _span_context(parent: str) -> trace.SpanContext:
    return trace.get_current_span(context_of(parent)).get_span_context()


def note(**attributes: str | float | bool) -> None:
    """Set attributes on the current span; `__` stands for a dot."""
    current = trace.get_current_span()
    for key, value in attributes.items():
        current.set_attribute(key.replace("__", "."), value)


def _mask(_: Any, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """No number of a person leaves in a log line, whatever a library put into its message."""
    return {
        key: _NUMBER_OF_A_PERSON.sub("***", value) if isinstance(value, str) else value
        for key, value in event.items()
    }


def _trace_of_line(_: Any, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = format(context.trace_id, "032x")
    return event


def _setup_logs(name: str) -> None:
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _trace_of_line,
        structlog.processors.format_exc_info,
        _mask,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _mask,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    structlog.contextvars.bind_contextvars(service=name)
