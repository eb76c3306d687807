"""Handling what was received: rules, periods, notification and effects in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import Protocol

import structlog
from crossroads.forms.v1 import dimona_pb2, notification_pb2
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mesh import clock, database, identification, outbox, telemetry
from services.declarations import effects, telling
from services.declarations.dimona import form as forms
from services.declarations.dimona import notification, rules
from services.declarations.dimona.domain import (
    DimonaPeriod,
    Facts,
    Form,
    Kind,
    Outcome,
    Person,
)
from services.declarations.dimona.store import Store as Periods
from services.declarations.domain import Declaration, Employer, State
from services.declarations.store import RECEIVED, Store

LOG = structlog.get_logger()
MOST = 64
MOST_WAIT_S = 5.0


class Persons(Protocol):
    """Who says whether persons are known."""

    async def lookup(self, ssins: Collection[str]) -> dict[str, Person]: ...


class Worker:
    """Handles declarations in small batches. A batch is one transaction: all of it or nothing."""

    def __init__(self, engine: AsyncEngine, url: str, persons: Persons) -> None:
        self._engine = engine
        self._url = url
        self._persons = persons

    async def run(self) -> None:
        async for _ in database.listen(self._url, RECEIVED):
            wait = 0.05
            while True:
                try:
                    if not await self.handle():
                        break
                    wait = 0.05
                except Exception as error:  # noqa: BLE001 - what is received outlives every failure
                    LOG.warning(
                        "handling failed; again soon", error=type(error).__name__, wait_s=wait
                    )
                    await asyncio.sleep(wait)
                    wait = min(wait * 2, MOST_WAIT_S)

    async def handle(self) -> bool:
        """Handle one batch; whether there was any."""
        async with self._engine.begin() as connection:
            store = Store(connection)
            batch = await store.claim(MOST)
            if not batch:
                return False
            await _Batch(connection, store, self._persons, batch).handle()
            await store.tell_handled()
        return True


class _Batch:
    """The declarations of one transaction, with all that is known to judge them."""

    def __init__(
        self,
        connection: AsyncConnection,
        store: Store,
        persons: Persons,
        declarations: Sequence[Declaration],
    ) -> None:
        self._connection = connection
        self._store = store
        self._periods = Periods(connection)
        self._ask = persons
        self._wires = {d.ticket: dimona_pb2.DimonaForm.FromString(d.form) for d in declarations}
        self._forms = {ticket: forms.read(wire) for ticket, wire in self._wires.items()}
        self._declarations = declarations
        self._persons: dict[str, Person] = {}
        self._employers: dict[str, Employer] = {}
        self._known: dict[str, DimonaPeriod] = {}
        self._ids: list[str] = []

    async def handle(self) -> None:
        await self._gather()
        for declaration in self._declarations:
            with telemetry.span(
                "handle declaration",
                parent=declaration.traceparent,
                crossroads__ticket=declaration.ticket,
            ):
                await self._handle(declaration)

    async def _gather(self) -> None:
        """Whom the forms name, and their periods; nobody else changes those until the end."""
        named = {form.inss for form in self._of(Kind.IN) if _is_ssin(form.inss)}
        self._persons = await self._ask.lookup(named)
        addressed = {form.dimona_period_id for form in self._forms.values() if form}
        workers = await self._periods.workers_of(
            {number for number in addressed if identification.dimona_period_is_valid(number)}
        )
        everyone = workers | named | {person.ssin for person in self._persons.values()}
        await self._periods.hold(everyone)
        self._known = {period.id: period for period in await self._periods.of_persons(everyone)}
        self._employers = await self._store.employers([d.employer for d in self._declarations])
        self._ids = await self._periods.new_ids(len(self._of(Kind.IN)))

    async def _handle(self, declaration: Declaration) -> None:
        wire, form = self._wires[declaration.ticket], self._forms[declaration.ticket]
        reports = [notification_pb2.AnomalyReport.FromString(a) for a in declaration.anomalies]
        found = forms.anomalies(wire, reports)
        facts = self._facts(declaration, form)
        outcome = rules.judge(form, facts, found) if form else Outcome(found)
        at = clock.now()
        if outcome.after:
            await self._change(declaration, outcome, outcome.after)
        ssin = self._about(form, facts, outcome)
        entry = effects.entry(declaration, outcome, ssin, at)
        await outbox.put(self._connection, telling.LEDGER, entry.SerializeToString())
        answer = notification.write(declaration.ticket, wire, facts, outcome, at)
        await self._store.handled(
            declaration,
            State.ACCEPTED if outcome.accepted else State.REFUSED,
            answer.SerializeToString(),
            outcome.after.id if outcome.after else "",
        )
        telemetry.note(
            crossroads__decision="accepted" if outcome.accepted else "refused",
            crossroads__anomalies=len(outcome.anomalies),
        )

    async def _change(
        self, declaration: Declaration, outcome: Outcome, after: DimonaPeriod
    ) -> None:
        others = [p for p in self._known.values() if p.ssin == after.ssin and p.id != after.id]
        await self._periods.put(after, declaration.ticket, clock.now())
        self._known[after.id] = after
        for request in effects.of(declaration.ticket, outcome, others):
            await outbox.put(
                self._connection, telling.INTEGRATE_AND_PUBLISH, request.SerializeToString()
            )

    def _facts(self, declaration: Declaration, form: Form | None) -> Facts:
        employer = self._employers.get(declaration.employer, Employer(declaration.employer))
        person = self._persons.get(form.inss) if form else None
        return Facts(
            employer=employer.enterprise_number,
            nsso_number=employer.nsso_number,
            today=declaration.received_at.astimezone(clock.BRUSSELS).date(),
            person=person,
            periods=tuple(self._of_same(form, person)),
            new_id=self._ids.pop() if form and form.kind is Kind.IN else "",
        )

    def _of_same(self, form: Form | None, person: Person | None) -> list[DimonaPeriod]:
        """The periods of whom the form is about, under the number declared and the one in force."""
        addressed = self._known.get(form.dimona_period_id) if form else None
        ssins = {form.inss if form else "", person.ssin if person else ""}
        ssins.add(addressed.ssin if addressed else "")
        return [period for period in self._known.values() if period.ssin in ssins]

    def _about(self, form: Form | None, facts: Facts, outcome: Outcome) -> str:
        """The person for the ledger; of a refused form only a number with right check digits."""
        if outcome.after:
            return outcome.after.ssin
        addressed = facts.addressed(form.dimona_period_id) if form else None
        if addressed:
            return addressed.ssin
        return form.inss if form and _is_ssin(form.inss) else ""

    def _of(self, kind: Kind) -> list[Form]:
        return [form for form in self._forms.values() if form and form.kind is kind]


def _is_ssin(text: str) -> bool:
    """Eleven digits of ours with right check digits; other scripts have digits too."""
    return text.isascii() and identification.ssin_is_valid(text)
