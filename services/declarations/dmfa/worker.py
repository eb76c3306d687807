"""Handling quarterly declarations, one at a time, each in one transaction: all of it or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mesh import clock, database, outbox, telemetry
from services.declarations import store as declarations
from services.declarations.dmfa import effects, notification
from services.declarations.dmfa.correction import Correction
from services.declarations.dmfa.domain import BLOCKING
from services.declarations.dmfa.intake import RECEIVED, Intake
from services.declarations.dmfa.original import Original
from services.declarations.dmfa.records import Kind, Submission
from services.declarations.domain import Employer, State
from services.declarations.following import follow
from services.declarations.risks.store import Store as Risks
from services.declarations.set_aside.domain import Line
from services.declarations.set_aside.isolation import Isolation
from services.declarations.store import HANDLED
from services.declarations.telling import LEDGER
from services.declarations.worker import Persons

LOG = structlog.get_logger()


class Worker:
    """Handles what was received. A crash in the middle leaves it received: it is begun again.
    What cannot be judged is set aside.
    """

    def __init__(self, engine: AsyncEngine, url: str, persons: Persons) -> None:
        self._engine = engine
        self._url = url
        self._persons = persons

    async def run(self) -> None:
        await self._sweep()
        await follow(self._url, RECEIVED, self.handle)

    async def handle(self) -> bool:
        """Handle one declaration; whether there was any."""
        async with self._engine.begin() as connection:
            submission = await Intake(connection).claim()
            if submission is None:
                return False
            await Isolation(connection, Line.DMFA).handle(
                [submission], partial(self._each, connection)
            )
            await database.notify(connection, HANDLED)
        return True

    async def _each(self, connection: AsyncConnection, batch: Sequence[Submission]) -> None:
        for submission in batch:
            with telemetry.span(
                "handle dmfa",
                parent=submission.traceparent,
                crossroads__ticket=submission.ticket,
            ):
                await self._handle(connection, submission)

    async def _handle(self, connection: AsyncConnection, submission: Submission) -> None:
        at = clock.now()
        original = submission.kind is Kind.ORIGINAL
        handling = (Original if original else Correction)(connection, self._persons, submission, at)
        anomalies, declaration_pid = await handling.handle()
        accepted = not any(one.gravity == BLOCKING for one in anomalies)
        await outbox.put(connection, LEDGER, effects.entry(submission, anomalies, at))
        answer = notification.write(
            submission.ticket,
            handling.wire,
            await _employer(connection, submission.employer),
            anomalies,
            at,
        )
        intake = Intake(connection)
        await intake.handled(
            submission,
            State.ACCEPTED if accepted else State.REFUSED,
            answer.SerializeToString(),
            declaration_pid,
        )
        if accepted:
            await intake.drop_parts(submission.declarant, submission.ticket)
            await Risks(connection).quarter_declared(submission.employer, submission.quarter)
        telemetry.note(
            crossroads__decision="accepted" if accepted else "refused",
            crossroads__anomalies=len(anomalies),
        )

    async def _sweep(self) -> None:
        async with self._engine.begin() as connection:
            swept = await Intake(connection).sweep()
        if swept:
            LOG.info("dropped parts of declarations that broke off", parts=swept)


async def _employer(connection: AsyncConnection, number: str) -> Employer:
    known = await declarations.Store(connection).employers([number])
    return known.get(number, Employer(number))
