"""The yardstick: a bare gRPC server with mutual TLS that gives back what it gets."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import grpc
import uvloop

METHOD = "/bench.Echo/Say"


class Echo(grpc.GenericRpcHandler):
    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        if handler_call_details.method != METHOD:
            return None
        return grpc.unary_unary_rpc_method_handler(_say)


async def _say(request: bytes, _: Any) -> bytes:
    return request


async def main(folder: Path) -> None:
    """Serve with the certificate in `folder` until stdin closes; the port is the line it prints."""
    authority, certificate, key = (
        (folder / name).read_bytes() for name in ("ca.pem", "cert.pem", "key.pem")
    )
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((Echo(),))
    port = server.add_secure_port(
        "127.0.0.1:0",
        grpc.ssl_server_credentials([(key, certificate)], authority, require_client_auth=True),
    )
    await server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    await server.stop(0)


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1])))
