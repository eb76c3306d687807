"""Load generators, each a process of its own: a question in by stdin, an answer out by stdout."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
import uvloop


async def ask(module: str, question: Any) -> Any:
    """What a module's process makes of a question; both are JSON."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    answer, _ = await process.communicate(json.dumps(question).encode())
    if process.returncode:
        raise ChildProcessError(f"{module} ended with {process.returncode}")
    return json.loads(answer)


def answer(make: Callable[[Any], Awaitable[Any]]) -> None:
    """The other side of `ask`, in the process of its own."""

    async def main() -> None:
        question = json.loads(sys.stdin.read())
        sys.stdout.write(json.dumps(await make(question)))

    uvloop.run(main())


def channel(address: str, server_name: str, tls: str) -> grpc.aio.Channel:
    """A bare channel, so that the load costs little; it bears the certificate in folder `tls`."""
    authority, key, certificate = (
        (Path(tls) / name).read_bytes() for name in ("ca.pem", "key.pem", "cert.pem")
    )
    return grpc.aio.secure_channel(
        address,
        grpc.ssl_channel_credentials(authority, key, certificate),
        options=[("grpc.ssl_target_name_override", server_name)],
    )
