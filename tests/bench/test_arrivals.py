"""Calls come when they are due, and wait for nobody; latencies are summed up as told."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import grpc
import pytest
from crossroads.ledger.v1 import ledger_pb2_grpc
from hypothesis import given
from hypothesis import strategies as st

from bench import arrivals
from bench.arrivals import Arrivals, Arrived
from bench.latencies import quantile
from console.authority import Authority
from mesh.refusals import Refusal, status_of
from mesh.server import Server
from mesh.settings import Settings


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 1))
def test_a_quantile_is_the_smallest_that_the_share_does_not_exceed(
    took: list[float], share: float
) -> None:
    found = quantile(sorted(took), share)
    assert found in took
    assert sum(one <= found for one in took) >= len(took) * share
    assert sum(one < found for one in took) <= len(took) * share


def test_known_quantiles() -> None:
    thousand = [float(number) for number in range(1, 1001)]
    found = [quantile(thousand, share) for share in (0.5, 0.99, 0.999, 1.0)]
    assert found == [500, 990, 999, 1000]
    assert quantile([], 0.5) == 0.0


def test_calls_are_due_at_even_distances() -> None:
    assert list(arrivals.due(10.0, 4.0, 1.5)) == [10.0, 10.25, 10.5, 10.75, 11.0, 11.25]


async def test_no_call_waits_for_the_one_before() -> None:
    gate, moments = asyncio.Event(), list[float]()
    began = time.perf_counter()

    async def call(moment: float) -> None:
        moments.append(moment)
        if len(moments) == 5:
            gate.set()
        await gate.wait()

    await arrivals.keep_to(arrivals.due(began, 1000.0, 0.005), call)
    assert moments == list(arrivals.due(began, 1000.0, 0.005))


def test_the_time_to_come_back_is_read_from_the_status() -> None:
    code = grpc.StatusCode.RESOURCE_EXHAUSTED
    told = status_of(Refusal(code, "OVERLOADED", retry_after=0.3)).SerializeToString()
    silent = status_of(Refusal(code, "OVERLOADED")).SerializeToString()
    assert arrivals.retry_s(told) == pytest.approx(0.3)
    assert arrivals.retry_s(silent) is None
    assert arrivals.retry_s(b"") is None


class Nobody(ledger_pb2_grpc.LedgerServicer):
    """A servicer that no call reaches."""


async def test_who_is_turned_away_is_counted_apart(authority: Authority, tmp_path: Path) -> None:
    tls = authority.issue("service/sandbox", names=["sandbox"])
    server = Server(Settings(name="sandbox", tls=tls, state=tmp_path, most_calls=0))
    server.mount(ledger_pb2_grpc.add_LedgerServicer_to_server, Nobody())  # type: ignore[abstract]
    port = await server.start()

    async def arrived(method: str) -> Arrived:
        to = (f"127.0.0.1:{port}", "sandbox", str(tls))
        return await arrivals.measure(Arrivals(*to, method, [""], 200.0, 0.2))

    turned_away = await arrived("/crossroads.ledger.v1.Ledger/GetCheckpoint")
    served = await arrived("/grpc.health.v1.Health/Check")
    unknown = await arrived("/bench.Echo/No")
    await server.stop()
    assert (turned_away.answered, turned_away.refused, turned_away.told_when) == (0, 40, 40)
    assert turned_away.retry_ms == 100
    assert (served.answered, served.refused, served.failed) == (40, 0, {})
    assert (unknown.calls, unknown.failed) == (40, {"UNIMPLEMENTED": 40})
