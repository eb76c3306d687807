"""How long calls took, counted for every call at little cost and read out with the metrics."""

from __future__ import annotations

import time
from bisect import bisect_left
from typing import Any

from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricExporter,
    MetricExportResult,
    MetricsData,
    ResourceMetrics,
    ScopeMetrics,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

NAME = "rpc.server.call.duration"
BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""As the conventions advise; a bucket holds what is not longer than its bound."""


class Durations:
    """Counts of one method's calls that ended with one code, by how long they took."""

    __slots__ = ("buckets", "longest", "shortest", "total")

    def __init__(self) -> None:
        self.buckets = [0] * (len(BOUNDS_S) + 1)
        self.total = 0.0
        self.shortest = float("inf")
        self.longest = 0.0

    def add(self, took_s: float) -> None:
        self.buckets[bisect_left(BOUNDS_S, took_s)] += 1
        self.total += took_s
        self.shortest = min(self.shortest, took_s)
        self.longest = max(self.longest, took_s)


_BEGAN_NS = time.time_ns()
_counted: dict[tuple[str, str], Durations] = {}


def count(method: str, code: str, took_s: float) -> None:
    """Count one call of a method, by the name of the code it ended with."""
    found = _counted.get((method, code))
    if found is None:
        found = _counted.setdefault((method, code), Durations())
    found.add(took_s)


class WithDurations(MetricExporter):
    """Exports with the other metrics how long calls took."""

    def __init__(self, inner: MetricExporter, resource: Resource) -> None:
        super().__init__()
        self._inner = inner
        self._resource = resource

    def export(
        self, metrics_data: MetricsData, timeout_millis: float = 10_000, **options: Any
    ) -> MetricExportResult:
        ours = ResourceMetrics(self._resource, [_scope()], "")
        together = MetricsData([*metrics_data.resource_metrics, ours])
        return self._inner.export(together, timeout_millis, **options)

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        return self._inner.force_flush(timeout_millis)

    def shutdown(self, timeout_millis: float = 30_000, **options: Any) -> None:
        self._inner.shutdown(timeout_millis, **options)


def _scope() -> ScopeMetrics:
    points = [_point(method, code, found) for (method, code), found in list(_counted.items())]
    histogram = Histogram(points, AggregationTemporality.CUMULATIVE)
    metric = Metric(NAME, "How long calls took to serve.", "s", histogram)
    return ScopeMetrics(InstrumentationScope("crossroads"), [metric], "")


def _point(method: str, code: str, found: Durations) -> HistogramDataPoint:
    buckets = list(found.buckets)
    return HistogramDataPoint(
        attributes={
            "rpc.system.name": "grpc",
            "rpc.method": method,
            "rpc.response.status_code": code,
        },
        start_time_unix_nano=_BEGAN_NS,
        time_unix_nano=time.time_ns(),
        count=sum(buckets),
        sum=found.total,
        bucket_counts=buckets,
        explicit_bounds=BOUNDS_S,
        min=found.shortest,
        max=found.longest,
    )
