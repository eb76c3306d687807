"""Whether a server of the mesh serves, asked as anyone else would ask: over mutual TLS."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import grpc
import httpx
from grpc_health.v1 import health_pb2, health_pb2_grpc

from mesh.certificates import Certificates

PATIENCE_S = 2.0


class Readiness:
    """Asks servers for their health with the certificate in `tls`."""

    def __init__(self, tls: Path) -> None:
        self._tls = tls
        self._certificates = Certificates(tls)
        self._context = ssl.create_default_context(cafile=str(tls / "ca.pem"))
        self._context.load_cert_chain(tls / "cert.pem", tls / "key.pem")

    async def serves(self, name: str, address: str) -> bool:
        if name == "gateway":
            return await self._answers_https(address)
        return await self._is_serving(name, address)

    async def wait(self, name: str, address: str, pause_s: float = 0.1) -> None:
        """Return when the server serves."""
        while not await self.serves(name, address):  # noqa: ASYNC110 - it is another process
            await asyncio.sleep(pause_s)

    async def _is_serving(self, name: str, address: str) -> bool:
        options = [("grpc.ssl_target_name_override", name), ("grpc.enable_http_proxy", 0)]
        credentials = self._certificates.channel_credentials()
        async with grpc.aio.secure_channel(address, credentials, options=options) as channel:
            try:
                stub = health_pb2_grpc.HealthStub(channel)
                answer = await stub.Check(  # type: ignore[attr-defined]  # its types lack it
                    health_pb2.HealthCheckRequest(), timeout=PATIENCE_S
                )
            except grpc.aio.AioRpcError:
                return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

    async def _answers_https(self, address: str) -> bool:
        async with httpx.AsyncClient(verify=self._context, trust_env=False) as client:
            try:
                answer = await client.get(f"https://{address}/health", timeout=PATIENCE_S)
            except httpx.HTTPError:
                return False
        return answer.status_code == httpx.codes.OK
