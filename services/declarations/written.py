"""What the handling of a batch writes, gathered so that it takes few statements."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from google.protobuf.message import Message
from sqlalchemy.ext.asyncio import AsyncConnection

from mesh import outbox
from mesh.outbox import Parcel
from services.declarations.dimona.domain import Change, Outcome
from services.declarations.dimona.store import Store as Periods
from services.declarations.dimona.store import Versioned
from services.declarations.domain import Declaration, State
from services.declarations.store import Answer, Store


class Written:
    """In one transaction, in the order in which it was gathered: periods, outbox, answers."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._created: list[Versioned] = []
        self._changed: list[Versioned] = []
        self._parcels: list[Parcel] = []
        self._answers: list[Answer] = []

    def period(self, outcome: Outcome, ticket: str, at: datetime) -> None:
        """The version of a period that a declaration made."""
        if outcome.after is None:
            return
        into = self._created if outcome.change is Change.CREATED else self._changed
        into.append(Versioned(outcome.after, ticket, at))

    def tell(self, kind: str, messages: Iterable[Message]) -> None:
        """What the network must hear, within the span in which it is said."""
        self._parcels += [Parcel.of(kind, message.SerializeToString()) for message in messages]

    def answer(self, declaration: Declaration, state: State, notified: Message, id: str) -> None:  # noqa: A002
        self._answers.append(
            Answer(
                declaration.employer, declaration.ticket, state, notified.SerializeToString(), id
            )
        )

    async def write(self) -> None:
        """A period is created before what follows in the batch changes it."""
        periods = Periods(self._connection)
        if self._created:
            await periods.create(self._created)
        for version in self._changed:
            await periods.put(*version)
        if self._parcels:
            await outbox.put_all(self._connection, self._parcels)
        await Store(self._connection).handled(self._answers)
