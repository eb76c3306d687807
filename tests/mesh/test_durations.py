"""Every call counts, in the bucket of how long it took, and leaves with the other metrics."""

from __future__ import annotations

import bisect
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.sdk.metrics.export import MetricExporter, MetricExportResult, MetricsData
from opentelemetry.sdk.resources import Resource

from mesh import durations

PROGRAM = """
from pathlib import Path
from opentelemetry import metrics
from mesh import durations, telemetry
from mesh.settings import Settings

telemetry.setup(Settings(name="probe", tls=Path("."), state=Path({state!r})))
for took in (0.001, 0.2, 100.0):
    durations.count("a.B/C", "OK", took)
durations.count("a.B/C", "UNAVAILABLE", 1.0)
metrics.get_meter_provider().shutdown()
"""


@given(st.lists(st.floats(0, 100)))
def test_each_duration_falls_into_one_bucket(took: list[float]) -> None:
    counted = durations.Durations()
    for one in took:
        counted.add(one)
    below = [sum(t <= bound for t in took) for bound in durations.BOUNDS_S]
    assert [sum(counted.buckets[: n + 1]) for n in range(len(below))] == below
    assert sum(counted.buckets) == len(took)
    assert bisect.bisect_left(durations.BOUNDS_S, durations.BOUNDS_S[0]) == 0


def test_durations_leave_with_the_metrics_of_the_process(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", PROGRAM.format(state=str(tmp_path))], check=True)
    written = json.loads((tmp_path / "metrics" / "probe.json").read_text())
    metrics = {
        metric["name"]: (resource["resource"]["attributes"]["service.name"], metric["data"])
        for resource in written["resource_metrics"]
        for scope in resource["scope_metrics"]
        for metric in scope["metrics"]
    }
    assert set(metrics) >= {"process.uptime", durations.NAME}
    service, histogram = metrics[durations.NAME]
    points = {p["attributes"]["rpc.response.status_code"]: p for p in histogram["data_points"]}
    assert service == "probe"
    assert {code: point["count"] for code, point in points.items()} == {"OK": 3, "UNAVAILABLE": 1}
    assert points["OK"]["max"] == 100.0
    assert sum(points["OK"]["bucket_counts"]) == 3


class Kept(MetricExporter):
    def __init__(self) -> None:
        super().__init__()
        self.exported: list[MetricsData] = []

    def export(
        self, metrics_data: MetricsData, timeout_millis: float = 0, **_: Any
    ) -> MetricExportResult:
        self.exported.append(metrics_data)
        return MetricExportResult.SUCCESS

    def force_flush(self, timeout_millis: float = 0) -> bool:
        return True

    def shutdown(self, timeout_millis: float = 0, **_: Any) -> None:
        """Nothing is held open."""


def test_a_collector_can_be_sent_them() -> None:
    durations.count("a.B/D", "OK", 0.2)
    kept = Kept()
    durations.WithDurations(kept, Resource({"service.name": "probe"})).export(MetricsData([]))
    (resource,) = encode_metrics(kept.exported[0]).resource_metrics
    points = resource.scope_metrics[0].metrics[0].histogram.data_points
    (ours,) = [p for p in points if any(a.value.string_value == "a.B/D" for a in p.attributes)]
    assert (ours.count, list(ours.explicit_bounds)) == (1, list(durations.BOUNDS_S))
