"""The bench counts right, and says what it measured on."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from bench import echo, population, results
from bench.load import Load, measure
from bench.results import Measure
from console.authority import Authority
from mesh import identification


async def test_a_load_of_echoes_is_counted(authority: Authority) -> None:
    tls = authority.issue("service/sandbox", names=["sandbox"])
    server = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.echo",
        str(tls),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    port = (await server.stdout.readline()).decode().strip()
    address = f"127.0.0.1:{port}"
    good = await measure(Load(address, "sandbox", str(tls), echo.METHOD, ["00ff"], 4, 40))
    bad = await measure(Load(address, "sandbox", str(tls), "/bench.Echo/No", ["00"], 4, 40))
    server.stdin.close()
    await server.wait()
    assert good.failed == 0
    assert good.per_s > 0
    assert good.p50_ms <= good.p99_ms
    assert bad.failed == 40


def test_the_invented_workers_have_valid_numbers() -> None:
    ssins = population.ssins()
    assert len(set(ssins)) == population.WORKERS
    assert all(identification.ssin_is_valid(ssin) for ssin in ssins)


def test_results_name_the_machine_and_the_commit(tmp_path: Path) -> None:
    file = tmp_path / "results" / "latest.json"
    measures = [results.against_target("story_s", 5.0, "s", 20.0)]
    results.save(measures, file, datetime(2026, 1, 1, tzinfo=UTC))
    results.save([Measure("echo_per_s", 9.0, "1/s")], file, datetime(2026, 2, 1, tzinfo=UTC))
    saved = json.loads(file.read_text("utf-8"))
    assert saved["story_s"] == {
        "value": 5.0,
        "unit": "s",
        "yardstick": "target 20 s",
        "ratio": 0.25,
        "commit": saved["commit"],
        "at": "2026-01-01T00:00:00+00:00",
    }
    assert saved["echo_per_s"]["at"] == saved["at"] == "2026-02-01T00:00:00+00:00"
    assert saved["machine"]
    assert saved["commit"]
    assert results.table(measures).row_count == 1
