"""A sounding tells how long calls wait; a process that looks at none is known to be late."""

from __future__ import annotations

import asyncio
from pathlib import Path

import grpc
import pytest

from console.authority import Authority
from mesh import sounding
from mesh.certificates import Certificates
from mesh.server import Server
from mesh.settings import Settings
from mesh.sounding import Sounding
from tests.mesh.test_room import Clock


async def test_what_the_last_call_waited_is_told_and_what_the_next_has_waited_already() -> None:
    clock, taken = Clock(), asyncio.Event()
    depth = Sounding(clock)

    async def answered() -> None:
        clock.now += 0.3

    await depth.take(answered)
    assert depth.wait_s == pytest.approx(0.3)

    async def never() -> None:
        await taken.wait()

    waiting = asyncio.create_task(depth.take(never))
    await asyncio.sleep(0)
    assert depth.wait_s == pytest.approx(0.3)
    clock.now += 5
    assert depth.wait_s == pytest.approx(5)
    taken.set()
    await waiting
    assert depth.wait_s == pytest.approx(5)


async def test_where_no_answer_comes_back_nobody_is_turned_away() -> None:
    clock = Clock()
    depth = Sounding(clock)

    async def lost() -> None:
        clock.now += 5
        raise grpc.aio.AioRpcError(
            grpc.StatusCode.UNAVAILABLE, grpc.aio.Metadata(), grpc.aio.Metadata()
        )

    await depth.take(lost)
    assert depth.wait_s == 0


async def test_a_server_answers_its_own_call(authority: Authority, tmp_path: Path) -> None:
    tls = authority.issue("service/router", names=("router",))
    server = Server(Settings(name="router", tls=tls, state=tmp_path))
    port = await server.start()
    try:
        async with sounding.to_oneself(Certificates(tls), "router", port) as call:
            await asyncio.wait_for(call(), 10)
    finally:
        await server.stop()
