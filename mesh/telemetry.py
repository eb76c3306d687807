"""Traces and metrics of a process, in the stable conventions of OpenTelemetry."""

from __future__ import annotations

from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource

from mesh import logs, span_export, spans
from mesh.settings import Settings
from mesh.spans import note, span, traceparent

__all__ = ["DURATION", "note", "setup", "span", "traceparent"]
DURATION = metrics.get_meter("crossroads").create_histogram(
    "rpc.server.call.duration", unit="s", description="How long calls took to serve."
)


def setup(settings: Settings) -> None:
    """Send spans, metrics and logs where the settings say. Once a process."""
    resource = Resource({"service.name": settings.name, "service.namespace": "crossroads"})
    spans.record(span_export.keeper(settings, resource).ended, settings.trace_ratio)
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
