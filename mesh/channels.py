"""Channels to peers: mTLS, deadlines that shrink on the way, retries, one trace."""

from __future__ import annotations

import json
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from typing import Any, Self

import grpc
from opentelemetry.trace import SpanKind

from mesh import deadlines, telemetry
from mesh.certificates import Certificates
from mesh.identity import Identity
from mesh.settings import Settings

ON_BEHALF_OF = "crossroads-on-behalf-of"
DEFAULT_TIMEOUT_S = 4.0
_SERVICE_CONFIG = {
    "loadBalancingConfig": [{"round_robin": {}}],
    "methodConfig": [
        {
            "name": [{}],
            "retryPolicy": {
                "maxAttempts": 4,
                "initialBackoff": "0.05s",
                "maxBackoff": "1s",
                "backoffMultiplier": 3,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ],
}
"""Calls go round the addresses behind a name, and every rpc may be sent again: writes carry
a request_id, reads change nothing."""
_OPTIONS = [
    ("grpc.service_config", json.dumps(_SERVICE_CONFIG)),
    ("grpc.enable_retries", 1),
    ("grpc.max_receive_message_length", 32 << 20),
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
]
Metadata = tuple[tuple[str, str], ...]


def on_behalf_of(identity: Identity) -> Metadata:
    """Metadata by which the gateway says whose verified certificate it has seen."""
    return ((ON_BEHALF_OF, identity.path),)


class Channels:
    """The channels of one process, opened when first used, one to an address and name."""

    def __init__(self, settings: Settings) -> None:
        self._peers = settings.peers
        self._names = settings.peer_names
        self._certificates = Certificates(settings.tls)
        self._open: dict[tuple[str, str], tuple[object, Channel]] = {}
        self._retired: list[Channel] = []

    def peer(self, name: str) -> Channel:
        """To a service of the mesh. Raises KeyError where the settings give no address."""
        return self.open(self._peers[name], self._names.get(name, name))

    def open(self, address: str, server_name: str) -> Channel:
        """To an address whose certificate must bear `server_name`.

        After the own certificate was renewed, a channel made with the old one is replaced.
        """
        key, pair = (address, server_name), self._certificates.pair
        made_with, channel = self._open.get(key, (None, None))
        if channel is None or made_with != pair:
            if channel is not None:
                self._retired.append(channel)
            channel = Channel(
                grpc.aio.secure_channel(
                    address,
                    self._certificates.channel_credentials(),
                    options=[*_OPTIONS, ("grpc.ssl_target_name_override", server_name)],
                )
            )
            self._open[key] = (pair, channel)
        return channel

    async def close(self) -> None:
        for channel in [*self._retired, *(channel for _, channel in self._open.values())]:
            await channel.close()


class Channel(grpc.aio.Channel):
    """A channel whose calls carry the trace and what is left of the caller's deadline."""

    def __init__(self, inner: grpc.aio.Channel) -> None:
        self._inner = inner

    def unary_unary(self, method: str, *args: Any, **options: Any) -> Any:
        call = self._inner.unary_unary(method, *args, **options)

        async def ask(
            request: Any,
            *,
            timeout: float | None = None,  # noqa: ASYNC109 - as grpc's own callables have it
            metadata: Metadata = (),
        ) -> Any:
            within = deadlines.within(timeout or DEFAULT_TIMEOUT_S)
            with telemetry.span(
                method[1:], kind=SpanKind.CLIENT, rpc__system__name="grpc", rpc__method=method[1:]
            ):
                return await call(request, timeout=within, metadata=_traced(metadata))

        return ask

    def unary_stream(self, method: str, *args: Any, **options: Any) -> Any:
        return _streaming(self._inner.unary_stream(method, *args, **options))

    def stream_unary(self, method: str, *args: Any, **options: Any) -> Any:
        return _streaming(self._inner.stream_unary(method, *args, **options))

    def stream_stream(self, method: str, *args: Any, **options: Any) -> Any:
        return _streaming(self._inner.stream_stream(method, *args, **options))

    async def close(self, grace: float | None = None) -> None:
        await self._inner.close(grace)

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        return self._inner.get_state(try_to_connect)

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        await self._inner.wait_for_state_change(last_observed_state)

    async def channel_ready(self) -> None:
        await self._inner.channel_ready()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _streaming(call: Callable[..., Any]) -> Callable[..., Any]:
    """Streams last as long as they last: no deadline unless one is given."""

    def start(
        request: Any = None, *, timeout: float | None = None, metadata: Metadata = ()
    ) -> AsyncIterable[Any] | AsyncIterator[Any] | Iterable[Any]:
        result: AsyncIterable[Any] = call(request, timeout=timeout, metadata=_traced(metadata))
        return result

    return start


def _traced(metadata: Metadata) -> Metadata:
    parent = telemetry.traceparent()
    return (*metadata, ("traceparent", parent)) if parent else metadata
