"""HTTPS with mutual TLS: hands the verified certificate over, takes renewed certificates up."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import HANDLED_SIGNALS

from gateway.callers import PRESENTED
from mesh.certificates import Certificates
from mesh.settings import Settings

LOOK_EVERY_S = 1.0
MOST_CONNECTIONS = 4096
"""Idle ones count."""
GOODBYE_S = 0.5


class Protocol(H11Protocol):
    """HTTP/1.1 whose requests bear the certificate of their connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        presented = tls.getpeercert(binary_form=True) if tls else None
        self.app: Any = _presenting(self.app, presented)

    def shutdown(self) -> None:
        """An idle connection whose client does not say goodbye does not hold the stop up."""
        super().shutdown()
        if self.cycle is None or self.cycle.response_complete:
            self.loop.call_later(GOODBYE_S, self.transport.abort)


def _presenting(app: Any, certificate: bytes | None) -> ASGIApp:
    async def present(scope: Scope, receive: Receive, send: Send) -> None:
        extensions = {**scope.get("extensions", {}), PRESENTED: certificate}
        await app({**scope, "extensions": extensions}, receive, send)

    return present


def context(folder: Path) -> ssl.SSLContext:
    """TLS that demands a certificate of our own authority."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.minimum_version = ssl.TLSVersion.TLSv1_2
    tls.verify_mode = ssl.CERT_REQUIRED
    load(tls, folder)
    return tls


def load(tls: ssl.SSLContext, folder: Path) -> None:
    tls.load_verify_locations(folder / "ca.pem")
    tls.load_cert_chain(folder / "cert.pem", folder / "key.pem")


class _Serving(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """SIGTERM and SIGINT end the serving, and only that: the process closes what it opened."""
        loop = asyncio.get_running_loop()
        for number in HANDLED_SIGNALS:
            loop.add_signal_handler(number, setattr, self, "should_exit", True)
        try:
            yield
        finally:
            for number in HANDLED_SIGNALS:
                loop.remove_signal_handler(number)


class Server:
    """Serves an application until SIGTERM or SIGINT, then lets the requests under way end."""

    def __init__(self, settings: Settings, certificates: Certificates, app: ASGIApp) -> None:
        host, _, port = settings.listen.rpartition(":")
        host = host.strip("[]")
        config = uvicorn.Config(
            app,
            http=Protocol,
            ws="none",
            loop="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_graceful_shutdown=int(settings.grace_s),
        )
        config.load()
        self._settings = settings
        self._certificates = certificates
        self._tls = context(settings.tls)
        config.ssl = self._tls
        self._socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((host, int(port)))
        self._server = _Serving(config)

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    async def run(self, *background: Coroutine[Any, Any, None]) -> None:
        """What runs in the background is cancelled when the serving ends."""
        tasks = [asyncio.create_task(each) for each in (self._renew(), *background)]
        try:
            await self._server.serve([self._socket])
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def stop(self) -> None:
        self._server.should_exit = True

    async def _renew(self) -> None:
        """New connections meet the certificate that is on disk now."""
        served = self._certificates.pair
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if self._certificates.pair != served:
                load(self._tls, self._settings.tls)
                served = self._certificates.pair
