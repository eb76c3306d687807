"""Sounding: how long calls wait before anyone looks at them, found out by calling oneself."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeAlias

import grpc

from mesh.certificates import Certificates

EVERY_S = 0.1
NOWHERE = "/crossroads.mesh/Sounding"
"""A method that nobody has. gRPC says so as soon as it looks at the call, and does nothing else."""
Call = Callable[[], Awaitable[None]]
Nowhere: TypeAlias = "grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]"


class Sounding:
    """Calls its own process while there may be a queue. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last_s = 0.0
        self._sent: float | None = None

    @property
    def wait_s(self) -> float:
        """What the last call waited; what the one under way has waited already, if longer."""
        under_way = 0.0 if self._sent is None else self._clock() - self._sent
        return max(self._last_s, under_way)

    async def take(self, call: Call) -> None:
        """Take one sounding. Where no answer comes back, nothing is known."""
        self._sent = self._clock()
        try:
            await call()
            self._last_s = self._clock() - self._sent
        except grpc.aio.AioRpcError:
            self._last_s = 0.0
        finally:
            self._sent = None

    async def run(self, call: Call, may_queue: Callable[[], bool]) -> None:
        """Take soundings for ever while calls may queue; where they may not, none waits."""
        await self.take(call)  # opens the connection while there is time
        while True:
            if may_queue():
                await self.take(call)
            else:
                self._last_s = 0.0
            await asyncio.sleep(EVERY_S)


@contextlib.asynccontextmanager
async def to_oneself(certificates: Certificates, name: str, port: int) -> AsyncIterator[Call]:
    """A call that waits in line with all others, and comes back as soon as it is looked at."""
    credentials = certificates.channel_credentials()
    options = [("grpc.ssl_target_name_override", name)]
    async with grpc.aio.secure_channel(f"127.0.0.1:{port}", credentials, options) as channel:
        nowhere: Nowhere = channel.unary_unary(NOWHERE)

        async def call() -> None:
            try:
                await nowhere(b"")
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.UNIMPLEMENTED:
                    raise

        yield call
