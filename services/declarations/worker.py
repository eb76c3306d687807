"""Handling what was received: rules, periods, notification and effects in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from crossroads.forms.v1 import dimona_pb2, notification_pb2
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mesh import clock, identification, telemetry
from services.declarations import effects, telling
from services.declarations.courtesy import Courtesy
from services.declarations.dimona import form as forms
from services.declarations.dimona import notification, places, rules, standing
from services.declarations.dimona.domain import (
    DimonaPeriod,
    Facts,
    Form,
    Kind,
    Outcome,
    Person,
    Registration,
)
from services.declarations.dimona.registration_store import Registrations
from services.declarations.dimona.store import Store as Periods
from services.declarations.domain import Declaration, Employer, State
from services.declarations.following import follow
from services.declarations.replacements import Replacements
from services.declarations.set_aside.domain import Line
from services.declarations.set_aside.isolation import Isolation
from services.declarations.store import RECEIVED, Store
from services.declarations.written import Written

MOST = 128


class Persons(Protocol):
    """Who says whether persons are known."""

    async def lookup(self, ssins: Collection[str]) -> dict[str, Person]: ...


class Worker:
    """Handles declarations in small batches. A batch is one transaction: all of it or nothing,
    but for what cannot be judged, which is set aside.
    """

    def __init__(
        self, engine: AsyncEngine, url: str, persons: Persons, courtesy: Courtesy | None = None
    ) -> None:
        self._courtesy = courtesy or Courtesy()
        self._engine = engine
        self._url = url
        self._persons = persons

    async def run(self) -> None:
        await follow(self._url, RECEIVED, self.handle)

    async def handle(self) -> bool:
        """Handle one batch; whether there was any."""
        async with self._engine.begin() as connection:
            store = Store(connection)
            batch = await store.claim(MOST)
            if not batch:
                return False
            await Isolation(connection, Line.DIMONA).handle(
                batch, partial(self._handle, connection)
            )
            await store.tell_handled()
        return True

    async def _handle(self, connection: AsyncConnection, batch: Sequence[Declaration]) -> None:
        await _Batch(connection, Store(connection), self._persons, batch).handle(self._courtesy)


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
        self._written = Written(connection)
        self._ask = persons
        self._wires = {d.ticket: dimona_pb2.DimonaForm.FromString(d.form) for d in declarations}
        self._forms = {
            d.ticket: forms.read(self._wires[d.ticket], d.identified_as) for d in declarations
        }
        self._declarations = declarations
        self._persons: dict[str, Person] = {}
        self._employers: dict[str, Employer] = {}
        self._known = standing.Periods()
        self._registered: dict[str, Registration] = {}
        self._ids: list[str] = []
        self._registration_ids: list[str] = []

    async def handle(self, courtesy: Courtesy) -> None:
        await self._gather()
        for declaration in self._declarations:
            with telemetry.span(
                "handle declaration",
                parent=declaration.traceparent,
                crossroads__ticket=declaration.ticket,
            ):
                await self._handle(declaration)
            await courtesy.give_way()
        await self._written.write()

    async def _gather(self) -> None:
        """Whom the forms name, and their periods; nobody else changes those until the end."""
        read = [form for form in self._forms.values() if form]
        named = {form.inss for form in read if _is_ssin(form.inss)}
        addressed = await self._addressed(read)
        self._persons = await self._ask.lookup(named | addressed)
        now = {person.ssin for person in self._persons.values()}
        everyone = named | addressed | now
        await self._periods.hold(everyone)
        moved = await self._addressed(read) - everyone if addressed else set()
        await self._periods.hold(moved)
        everyone |= moved
        for ssin in sorted(named | addressed):
            person = self._persons.get(ssin)
            if person and person.ssin != ssin:
                await Replacements(self._connection).replace(ssin, person.ssin, clock.now())
        self._known = standing.Periods(await self._periods.of_persons(everyone))
        registrations = Registrations(self._connection)
        self._registered = {r.id: r for r in await registrations.of_persons(everyone)}
        self._employers = await self._store.employers([d.employer for d in self._declarations])
        self._ids = await self._periods.new_ids(len(self._of(Kind.IN)))
        self._registration_ids = await registrations.new_ids(len(self._of(Kind.DAILY)))

    async def _addressed(self, read: Iterable[Form]) -> set[str]:
        """Whose the periods and registrations are that the forms address by number."""
        return await self._periods.workers_of(
            {number for form in read if (number := _number(form.dimona_period_id))},
            {number for form in read if (number := _number(form.registration_id))},
        )

    async def _handle(self, declaration: Declaration) -> None:
        wire, form = self._wires[declaration.ticket], self._forms[declaration.ticket]
        reports = [notification_pb2.AnomalyReport.FromString(a) for a in declaration.anomalies]
        found = forms.anomalies(wire, reports)
        facts = self._facts(declaration, form)
        outcome = rules.judge(form, facts, found) if form else Outcome(found)
        located = tuple(places.located(wire, outcome.anomalies, declaration.place))
        outcome = replace(outcome, anomalies=located)
        at = clock.now()
        await self._change(declaration, outcome)
        ssin = self._about(form, facts, outcome)
        state = _STATES[outcome.accepted, outcome.waiting]
        if state is not State.WAITING:
            entry = effects.entry(declaration, outcome, ssin, at)
            self._written.tell(telling.LEDGER, [entry])
        answer = notification.write(declaration.ticket, wire, facts, outcome, at)
        self._written.answer(declaration, state, answer, outcome.period_id)
        telemetry.note(
            crossroads__decision=state.value, crossroads__anomalies=len(outcome.anomalies)
        )

    async def _change(self, declaration: Declaration, outcome: Outcome) -> None:
        if outcome.registration:
            registration = outcome.registration
            store = Registrations(self._connection)
            await store.put(registration, declaration.ticket, clock.now())
            self._registered[registration.id] = registration
        after = outcome.after
        if after is None:
            return
        others = [period for period in self._known.of([after.ssin]) if period.id != after.id]
        self._written.period(outcome, declaration.ticket, clock.now())
        self._known.put(after)
        requests = effects.of(declaration.ticket, outcome, others)
        self._written.tell(telling.INTEGRATE_AND_PUBLISH, requests)

    def _facts(self, declaration: Declaration, form: Form | None) -> Facts:
        employer = self._employers.get(declaration.employer, Employer(declaration.employer))
        person = self._persons.get(form.inss) if form else None
        received = declaration.received_at.astimezone(clock.BRUSSELS)
        periods = self._of_same(form, person)
        whose = {period.id for period in periods}
        return Facts(
            employer=employer.enterprise_number,
            nsso_number=employer.nsso_number,
            today=received.date(),
            received=received.time(),
            person=person,
            periods=tuple(periods),
            registers_days=employer.registers_days,
            registrations=tuple(r for r in self._registered.values() if r.period_id in whose),
            new_id=self._new_id(form),
        )

    def _new_id(self, form: Form | None) -> str:
        if form and form.kind is Kind.IN:
            return self._ids.pop()
        return self._registration_ids.pop() if form and form.kind is Kind.DAILY else ""

    def _of_same(self, form: Form | None, person: Person | None) -> list[DimonaPeriod]:
        """The periods of whom the form is about, under the number declared and the one in force."""
        registered = self._registered.get(form.registration_id) if form else None
        number = registered.period_id if registered else form.dimona_period_id if form else ""
        addressed = self._known.get(number)
        ssins = {form.inss if form else "", person.ssin if person else ""}
        ssins.add(addressed.ssin if addressed else "")
        return self._known.of(ssins)

    def _about(self, form: Form | None, facts: Facts, outcome: Outcome) -> str:
        """The person for the ledger; of a refused form only a number with right check digits."""
        if outcome.after:
            return outcome.after.ssin
        if outcome.registration:
            return outcome.registration.ssin
        addressed = facts.addressed(form.dimona_period_id) if form else None
        if addressed:
            return addressed.ssin
        return form.inss if form and _is_ssin(form.inss) else ""

    def _of(self, kind: Kind) -> list[Form]:
        return [form for form in self._forms.values() if form and form.kind is kind]


_STATES = {
    (True, False): State.ACCEPTED,
    (False, False): State.REFUSED,
    (False, True): State.WAITING,
}


def _number(text: str) -> str:
    """A number of a period or a registration that can be one of ours, else nothing."""
    return text if text.isascii() and identification.dimona_period_is_valid(text) else ""


def _is_ssin(text: str) -> bool:
    """Eleven digits of ours with right check digits; other scripts have digits too."""
    return text.isascii() and identification.ssin_is_valid(text)
