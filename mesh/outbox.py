"""The outbox: what a transaction wants told, told at least once and in order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import grpc
import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mesh import database, telemetry
from mesh.refusals import Refusal, of_error

LOG = structlog.get_logger()
CHANNEL = "outbox"
MOST = 256
MOST_WAIT_S = 5.0
FOR_EVER = frozenset(
    {
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.ALREADY_EXISTS,
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.FAILED_PRECONDITION,
        grpc.StatusCode.OUT_OF_RANGE,
    }
)
"""Refusals that sending again will not change."""
TABLE = sa.table(
    "outbox",
    sa.column("position", sa.BigInteger),
    sa.column("id", sa.Uuid),
    sa.column("kind", sa.Text),
    sa.column("payload", sa.LargeBinary),
    sa.column("traceparent", sa.Text),
    sa.column("refused", sa.Text),
)


@dataclass(frozen=True, slots=True)
class Item:
    """Something to tell. Its `id` makes telling it twice harmless."""

    id: UUID
    payload: bytes
    traceparent: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """Something to queue, and the span that caused it."""

    kind: str
    payload: bytes
    traceparent: str

    @staticmethod
    def of(kind: str, payload: bytes) -> Parcel:
        """Caused by the current span."""
        return Parcel(kind, payload, telemetry.traceparent())


Handler = Callable[[list[Item]], Awaitable[None]]


def create(op: Any) -> None:
    """For a migration: make the outbox of a database."""
    op.create_table(
        "outbox",
        sa.Column("position", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("id", sa.Uuid, nullable=False, unique=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("traceparent", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now()),
        sa.Column("refused", sa.Text),
    )
    op.create_index(
        "outbox_waiting", "outbox", ["kind", "position"], postgresql_where="refused IS NULL"
    )


async def put(
    connection: AsyncConnection,
    kind: str,
    payload: bytes,
    id: UUID | None = None,  # noqa: A002
) -> UUID:
    """Queue something within the transaction that caused it."""
    item = id or uuid4()
    await _insert(connection, [(item, Parcel.of(kind, payload))])
    return item


async def put_all(connection: AsyncConnection, parcels: Sequence[Parcel]) -> None:
    """Queue several things, in their order, by one statement."""
    await _insert(connection, [(uuid4(), parcel) for parcel in parcels])


async def _insert(connection: AsyncConnection, parcels: Sequence[tuple[UUID, Parcel]]) -> None:
    await connection.execute(
        sa.text(
            "INSERT INTO outbox (id, kind, payload, traceparent)"
            " SELECT id, kind, payload, traceparent"
            " FROM unnest(CAST(:ids AS uuid[]), CAST(:kinds AS text[]),"
            " CAST(:payloads AS bytea[]), CAST(:traceparents AS text[])) WITH ORDINALITY"
            " AS given(id, kind, payload, traceparent, place) ORDER BY place"
        ),
        {
            "ids": [item for item, _ in parcels],
            "kinds": [parcel.kind for _, parcel in parcels],
            "payloads": [parcel.payload for _, parcel in parcels],
            "traceparents": [parcel.traceparent for _, parcel in parcels],
        },
    )
    await database.notify(connection, CHANNEL)


class Worker:
    """Tells what waits, by kind and in order; one process at a time tells a kind."""

    def __init__(self, engine: AsyncEngine, url: str, handlers: Mapping[str, Handler]) -> None:
        self._engine = engine
        self._url = url
        self._handlers = handlers

    async def run(self) -> None:
        wake = {kind: asyncio.Event() for kind in self._handlers}
        async with asyncio.TaskGroup() as tasks:
            for kind in self._handlers:
                tasks.create_task(self._tell_for_ever(kind, wake[kind]))
            async for _ in database.listen(self._url, CHANNEL):
                for event in wake.values():
                    event.set()

    async def _tell_for_ever(self, kind: str, wake: asyncio.Event) -> None:
        wait = 0.05
        while True:
            await wake.wait()
            wake.clear()
            try:
                while await self.tell(kind):
                    wait = 0.05
            except Exception as error:  # noqa: BLE001 - the outbox outlives every failure of a peer
                LOG.warning(
                    "telling failed; again soon", kind=kind, error=_name(error), wait_s=wait
                )
                await asyncio.sleep(wait)
                wait = min(wait * 2, MOST_WAIT_S)
                wake.set()

    async def tell(self, kind: str) -> bool:
        """Tell one batch; whether there was any. Raises what the handler raises."""
        async with self._engine.begin() as connection:
            mine = await connection.scalar(
                sa.text("SELECT pg_try_advisory_xact_lock(hashtext('outbox'), hashtext(:kind))"),
                {"kind": kind},
            )
            if not mine:
                return False
            rows = (
                await connection.execute(
                    sa.select(TABLE.c.position, TABLE.c.id, TABLE.c.payload, TABLE.c.traceparent)
                    .where(TABLE.c.kind == kind, TABLE.c.refused.is_(None))
                    .order_by(TABLE.c.position)
                    .limit(MOST)
                )
            ).all()
            if not rows:
                return False
            items = [Item(row.id, row.payload, row.traceparent) for row in rows]
            refused = await self._handle(kind, items)
            told = [row.position for row in rows if row.id not in refused]
            await connection.execute(sa.delete(TABLE).where(TABLE.c.position.in_(told)))
            for item, reason in refused.items():
                await connection.execute(
                    sa.update(TABLE).where(TABLE.c.id == item).values(refused=reason)
                )
        return True

    async def _handle(self, kind: str, items: list[Item]) -> dict[UUID, str]:
        """Hand a batch over; of one refused for ever, set the items that are aside."""
        parents = list(dict.fromkeys(item.traceparent for item in items if item.traceparent))
        try:
            with telemetry.span(
                f"outbox {kind}", parent=parents[0] if parents else "", links=parents[1:]
            ):
                await self._handlers[kind](items)
        except (Refusal, grpc.aio.AioRpcError) as error:
            refusal = error if isinstance(error, Refusal) else of_error(error)
            if refusal.code not in FOR_EVER:
                raise
            if len(items) == 1:
                LOG.error(
                    "refused for ever", kind=kind, item=str(items[0].id), reason=refusal.reason
                )
                return {items[0].id: refusal.reason}
            refused: dict[UUID, str] = {}
            for item in items:
                refused |= await self._handle(kind, [item])
            return refused
        return {}


def _name(error: Exception) -> str:
    """What went wrong, without the text of the error, which might name a person."""
    if isinstance(error, grpc.aio.AioRpcError):
        return f"{type(error).__name__}:{error.code().name}"
    return error.reason if isinstance(error, Refusal) else type(error).__name__
