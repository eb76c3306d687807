"""A quarterly declaration in XML, from its first byte until its notification is fetched."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator
from http import HTTPStatus
from pathlib import Path

import httpx
from crossroads.declarations.v1 import dmfa_pb2, dmfa_pb2_grpc
from crossroads.repertory.v1 import repertory_pb2
from crossroads.types.v1 import types_pb2
from lxml import etree

from bench.results import Measure, against_target
from mesh import clock, institutions
from sandbox import cast, quarterly
from sandbox.story.stage import Stage

WORKERS, MANY = 10_000, 100_000
AT_ONCE = 1_000
TARGET_S = 20.0
RSS_TARGET_MB = 300.0
PATIENCE_S = 900.0
BREWERY = f"employer/{cast.BREWERY}"
REGISTER = "institution/0/0"
CHUNK = 1 << 16
Memory = Callable[[], float]


async def run(endpoints: Path, memory: Memory, *, most: int = MANY) -> list[Measure]:
    """`memory` tells the most megabytes that gateway or declarations has held since it began."""
    stage = Stage(endpoints)
    await _know(stage, most)
    receipt, small = await _declare(stage, WORKERS)
    measures = [
        against_target("dmfa_10k_s", small, "s", TARGET_S),
        Measure("dmfa_10k_receipt_s", receipt, "s", "of which until the receipt"),
    ]
    if most > WORKERS:
        _, large = await _declare(stage, most)
        growth = (large / most) / (small / WORKERS)
        measures += [
            against_target("dmfa_growth_ratio", growth, "", 1.0),
            against_target("dmfa_100k_rss_mb", memory(), "MB", RSS_TARGET_MB),
        ]
    await stage.close()
    return measures


async def _know(stage: Stage, many: int) -> None:
    """The National Register knows them all."""
    ssins = list(quarterly.ssins(many))
    institution = institutions.to_wire(institutions.parse(REGISTER.removeprefix("institution/")))
    for first in range(0, many, AT_ONCE):
        await stage.repertory(REGISTER).Register(
            repertory_pb2.RegisterRequest(
                request_id=f"bench-{stage.run}-{first}",
                inscriptions=[
                    repertory_pb2.Inscription(
                        ssin=ssin,
                        institution=institution,
                        quality=0,
                        period=types_pb2.Period(begin=cast.ADDRESS_SINCE.isoformat()),
                    )
                    for ssin in ssins[first : first + AT_ONCE]
                ],
            )
        )


async def _declare(stage: Stage, many: int) -> tuple[float, float]:
    """Seconds until receipt and notification. Raises ChildProcessError where it is not accepted."""
    quarter = await _undeclared(stage)
    pieces = quarterly.document(clock.now(), quarter, cast.BREWERY_NSSO, quarterly.workers(many))
    began = time.perf_counter()
    async with stage.https(BREWERY) as client:
        answer = await client.post("/nsso/dmfa", content=_chunks(pieces), timeout=PATIENCE_S)
        if answer.status_code != HTTPStatus.ACCEPTED:
            raise ChildProcessError(f"not taken in: {answer.status_code} {answer.text[:200]}")
        receipt = time.perf_counter() - began
        document = await _notification(client, answer.headers["location"], began)
    took = time.perf_counter() - began
    if next(etree.fromstring(document).iter("ResultCode")).text != "1":
        raise ChildProcessError("the declaration was refused")
    return receipt, took


async def _notification(client: httpx.AsyncClient, where: str, began: float) -> bytes:
    while time.perf_counter() - began < PATIENCE_S:
        answer = await client.get(where, timeout=PATIENCE_S)
        if answer.status_code == HTTPStatus.OK:
            return answer.content
    raise ChildProcessError("no notification came")


async def _undeclared(stage: Stage) -> str:
    """The latest quarter of which the brewery has declared nothing yet."""
    stub = dmfa_pb2_grpc.DmfaStub(stage.channel(BREWERY, "declarations"))
    today = clock.today()
    year, number = today.year, (today.month + 2) // 3
    while year > 2018:
        year, number = (year, number - 1) if number > 1 else (year - 1, 4)
        request = dmfa_pb2.GetQuarterRequest(quarter=f"{year}{number}", page_size=1)
        if not (await stub.GetQuarter(request)).workers:
            return f"{year}{number}"
    raise ChildProcessError("every quarter is declared")


async def _chunks(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    chunk = bytearray()
    for piece in pieces:
        chunk += piece
        if len(chunk) >= CHUNK:
            yield bytes(chunk)
            chunk.clear()
    yield bytes(chunk)
