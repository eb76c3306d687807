"""Serving: every call of every service passes the same steps in the same order.

1. room, 2. trace, 3. identity, 4. revocation, 5. access, 6. deadline, 7. validation,
8. the servicer; and whatever is refused on the way leaves as a rich status.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import grpc
import structlog
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2_grpc

from mesh import contracts, sounding
from mesh.certificates import Certificates
from mesh.door import Door, Trusts, TurnedAway
from mesh.room import Room
from mesh.settings import Settings
from mesh.sounding import Sounding
from mesh.threshold import HEALTH, Threshold

LOG = structlog.get_logger()
CHECK_EVERY_S = 1.0
MOST_WAITING = 20_000
"""Calls that have come and were not yet looked at. Beyond, gRPC cancels them without a word."""
_OPTIONS = [
    ("grpc.max_receive_message_length", 16 << 20),
    ("grpc.so_reuseport", 0),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.server.max_pending_requests", MOST_WAITING),
    ("grpc.server.max_pending_requests_hard_limit", MOST_WAITING),
]
Check = Callable[[], Awaitable[bool]]


class Server:
    """A gRPC server with mutual TLS, true health, reflection and a graceful stop.

    `turned_away` hears of each caller refused access; `trusts` knows more than certificates do.
    """

    def __init__(
        self,
        settings: Settings,
        turned_away: TurnedAway | None = None,
        trusts: Trusts | None = None,
    ) -> None:
        contracts.check()
        self._settings = settings
        self._certificates = Certificates(settings.tls)
        self._sounding = Sounding()
        self._room = Room(settings.most_calls, waits=lambda: self._sounding.wait_s)
        self._door = Door(self._certificates, self._room, turned_away, trusts, settings.home)
        self._server = grpc.aio.server(options=_OPTIONS)
        self._health = health.aio.HealthServicer()
        self._checks: dict[str, Check] = {}
        self._services: list[str] = []
        self._stop = asyncio.Event()
        self.port = 0

    def mount(self, add: Callable[[Any, Any], None], servicer: object) -> None:
        """Serve a servicer; `add` is the generated `add_<Service>Servicer_to_server`."""
        add(servicer, self)

    def add_registered_method_handlers(
        self, service: str, handlers: dict[str, grpc.RpcMethodHandler[Any, Any]]
    ) -> None:
        """Called by the generated code: puts the door before each method, and the threshold."""
        self._services.append(service)
        guarded = {
            name: self._door.guard(f"/{service}/{name}", handler)
            for name, handler in handlers.items()
        }
        generic = grpc.method_handlers_generic_handler(service, guarded)
        self._server.add_generic_rpc_handlers((Threshold(generic, self._room),))
        if HEALTH.startswith(f"/{service}/"):  # gRPC keeps a line of its own for what is registered
            self._server.add_registered_method_handlers(service, guarded)

    def add_generic_rpc_handlers(self, handlers: object) -> None:
        """Called by the generated code; the registered handlers are those that count."""

    def depends_on(self, name: str, check: Check) -> None:
        """Health says SERVING only while every check does."""
        self._checks[name] = check

    async def start(self) -> int:
        """Begin to serve; the port. Health stays NOT_SERVING until every check has passed."""
        self.mount(health_pb2_grpc.add_HealthServicer_to_server, self._health)
        for service in ("", *self._services):
            await self._health.set(service, health_pb2.HealthCheckResponse.NOT_SERVING)
        names = [*self._services, reflection.SERVICE_NAME]
        self.mount(
            reflection_pb2_grpc.add_ServerReflectionServicer_to_server,
            reflection.aio.ReflectionServicer(names),
        )
        self.port = self._server.add_secure_port(
            self._settings.listen, self._certificates.server_credentials()
        )
        await self._server.start()
        LOG.info("serves", port=self.port, services=self._services)
        return self.port

    async def run(self, *background: Coroutine[Any, Any, None]) -> None:
        """Serve until SIGTERM or SIGINT. When a background coroutine fails, so does this."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        await self.start()
        tasks = [
            asyncio.create_task(coroutine)
            for coroutine in (self._watch(), self._sound(), *background)
        ]
        stopped = asyncio.create_task(self._stop.wait())
        done, _ = await asyncio.wait([stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
        await self.stop()
        for task in (stopped, *tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for task in done - {stopped}:
            task.result()

    async def stop(self) -> None:
        """Tell health first, then let the calls under way end."""
        await self._health.enter_graceful_shutdown()
        await self._server.stop(self._settings.grace_s)
        LOG.info("stopped")

    async def _sound(self) -> None:
        async with sounding.to_oneself(self._certificates, self._settings.name, self.port) as call:
            await self._sounding.run(call, lambda: self._room.is_busy)

    async def _watch(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(CHECK_EVERY_S)

    async def look(self) -> None:
        """Ask every check once and tell health."""
        answers = await asyncio.gather(*(check() for check in self._checks.values()))
        status = (
            health_pb2.HealthCheckResponse.SERVING
            if all(answers)
            else health_pb2.HealthCheckResponse.NOT_SERVING
        )
        for service in ("", *self._services):
            await self._health.set(service, status)
