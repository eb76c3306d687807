"""Traces and metrics of a process, in the stable conventions of OpenTelemetry."""

from __future__ import annotations

import time

from opentelemetry import metrics
from opentelemetry.metrics import Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource

from mesh import durations, logs, span_export, spans
from mesh.settings import Settings
from mesh.spans import note, span, traceparent

__all__ = ["note", "setup", "span", "traceparent"]
_BEGAN_S = time.monotonic()


def setup(settings: Settings) -> None:
    """Send spans, metrics and logs where the settings say. Once a process."""
    resource = Resource({"service.name": settings.name, "service.namespace": "crossroads"})
    spans.record(span_export.keeper(settings, resource).ended, settings.trace_ratio)
    metrics.set_meter_provider(MeterProvider([_reader(settings, resource)], resource=resource))
    metrics.get_meter("crossroads").create_observable_gauge(
        "process.uptime",
        [lambda _: [Observation(time.monotonic() - _BEGAN_S)]],
        unit="s",
        description="How long the process has lived.",
    )
    logs.setup(settings.name)


def _reader(settings: Settings, resource: Resource) -> MetricReader:
    if settings.otlp_endpoint:
        from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import (  # noqa: PLC0415
            OTLPMetricExporter,
        )

        return PeriodicExportingMetricReader(
            durations.WithDurations(OTLPMetricExporter(settings.otlp_endpoint), resource)
        )
    file = span_export.MetricFile(settings.state / "metrics" / f"{settings.name}.json")
    return PeriodicExportingMetricReader(
        durations.WithDurations(file, resource), export_interval_millis=5000
    )
