"""Documents over HTTPS, as fast as so many senders get their answers, in a process of its own.

Bare HTTP/1.1 on connections that stay open, so that the load costs little.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench import generator
from bench.latencies import quantile_ms
from bench.load import Measured, warm_up

PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Sending:
    """Where documents go, with which certificate, and by how many senders at once.

    `documents` are sent once each, the first tenth before those that count.
    """

    address: str
    path: str
    tls: str
    documents: list[str]
    senders: int
    most_s: float


class Sender:
    """A connection that stays open."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def post(self, path: str, document: bytes) -> int:
        """The status of the answer."""
        head = (
            f"POST {path} HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/xml\r\n"
            f"content-length: {len(document)}\r\n\r\n"
        )
        self._writer.write(head.encode() + document)
        async with asyncio.timeout(PATIENCE_S):
            answer = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            status, *lines = answer.split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in lines if line)
            await self._reader.readexactly(int(headers.get("content-length", "0")))
        return int(status.split(" ")[1])

    def close(self) -> None:
        self._writer.close()


async def apply(sending: Sending) -> Measured:
    """Warm up with a tenth of the documents, then measure."""
    tls = ssl.create_default_context(cafile=str(Path(sending.tls) / "ca.pem"))
    tls.load_cert_chain(Path(sending.tls) / "cert.pem", Path(sending.tls) / "key.pem")
    host, _, port = sending.address.rpartition(":")
    senders = [
        Sender(*await asyncio.open_connection(host, int(port), ssl=tls))
        for _ in range(sending.senders)
    ]
    documents = iter([document.encode() for document in sending.documents])
    first = warm_up(len(sending.documents), sending.senders)
    await _run(senders, sending, documents, first, sending.most_s / 10)
    began = time.perf_counter()
    took, failed = await _run(
        senders, sending, documents, len(sending.documents) - first, sending.most_s
    )
    lasted = time.perf_counter() - began
    for sender in senders:
        sender.close()
    took.sort()
    return Measured(
        per_s=len(took) / lasted,
        p50_ms=quantile_ms(took, 0.5),
        p99_ms=quantile_ms(took, 0.99),
        failed=failed,
    )


async def _run(
    senders: list[Sender], sending: Sending, documents: Iterator[bytes], many: int, most_s: float
) -> tuple[list[float], int]:
    took: list[float] = []
    failed, left = 0, iter(range(many))
    until = time.perf_counter() + most_s

    async def send(sender: Sender) -> None:
        nonlocal failed
        for _ in left:
            began = time.perf_counter()
            if began > until:
                break
            if await sender.post(sending.path, next(documents)) == 202:
                took.append(time.perf_counter() - began)
            else:
                failed += 1

    await asyncio.gather(*(send(sender) for sender in senders))
    return took, failed


async def measure(sending: Sending) -> Measured:
    """Send from another process."""
    return Measured(**await generator.ask("bench.documents", asdict(sending)))


async def _answer(question: Any) -> Any:
    return asdict(await apply(Sending(**question)))


if __name__ == "__main__":
    generator.answer(_answer)
