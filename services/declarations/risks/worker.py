"""Handling declarations of risks: rules, versions, notification and effects in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import structlog
from crossroads.forms.v1 import notification_pb2, social_risk_pb2
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mesh import clock, identification, institutions, outbox, telemetry
from services.declarations import employers, telling
from services.declarations.domain import Employer
from services.declarations.domain import State as Handled
from services.declarations.following import follow
from services.declarations.risks import comparison, effects, notification, routing, rules
from services.declarations.risks import form as forms
from services.declarations.risks.domain import (
    Action,
    Anomaly,
    Form,
    Quarter,
    Risk,
    Subject,
    Submission,
)
from services.declarations.risks.intake import RECEIVED, Intake
from services.declarations.risks.peers import Declared, Quarters, Subjects
from services.declarations.risks.rules import Facts, Outcome
from services.declarations.risks.store import DUE, Recorded, Store
from services.declarations.set_aside.domain import Line
from services.declarations.set_aside.failures import failure
from services.declarations.set_aside.isolation import Isolation, attempt
from services.declarations.store import Store as Employers

LOG = structlog.get_logger()
MOST = 32
NO_FORM = Anomaly("90059-001", "Form")


class Worker:
    """Handles declarations, and risks of which a quarter came, in small batches."""

    def __init__(
        self, engine: AsyncEngine, url: str, subjects: Subjects, quarters: Quarters
    ) -> None:
        self._engine = engine
        self._url = url
        self._subjects = subjects
        self._quarters = quarters

    async def run(self) -> None:
        await asyncio.gather(
            follow(self._url, RECEIVED, self.handle), follow(self._url, DUE, self.compare)
        )

    async def handle(self) -> bool:
        """Handle one batch of declarations; whether there was any."""
        async with self._engine.begin() as connection:
            batch = await Intake(connection).claim(MOST)
            if not batch:
                return False
            await Isolation(connection, Line.RISKS).handle(batch, partial(self._each, connection))
            await Employers(connection).tell_handled()
        return True

    async def compare(self) -> bool:
        """Compare what risks rest on with what came of it; whether any risk was due."""
        async with self._engine.begin() as connection:
            store = Store(connection)
            due = await store.due(MOST)
            await store.looked_at([recorded.risk for recorded in due])
            for recorded in due:
                error = await attempt(connection, partial(self._compare, connection, recorded))
                if error is not None:
                    LOG.error(
                        "a risk is not compared", ticket=recorded.ticket, failure=failure(error)
                    )
        return bool(due)

    async def _each(self, connection: AsyncConnection, batch: Sequence[Submission]) -> None:
        for submission in batch:
            handling = Handling(connection, self._subjects, self._quarters, submission)
            with telemetry.span(
                "handle risk",
                parent=submission.traceparent,
                crossroads__ticket=submission.ticket,
            ):
                await handling.run(Intake(connection))

    async def _compare(self, connection: AsyncConnection, recorded: Recorded) -> None:
        before = recorded.risk
        found = await self._quarters.of_persons(connection, {before.ssin})
        after = comparison.arrived(before, _of_employer(found, before.ssin, before.employer))
        if after is not None:
            ticket = f"{after.number}-{after.version}"
            await _record(connection, ticket, before, after, recorded.form)


@dataclass(slots=True)
class Handling:
    """One declaration, with all that is known to judge it."""

    connection: AsyncConnection
    subjects: Subjects
    quarters: Quarters
    submission: Submission

    async def run(self, intake: Intake) -> None:
        submission, at = self.submission, clock.now()
        whole = social_risk_pb2.SocialRiskForm.FromString(submission.form)
        addressed = await self._addressed(whole)
        if submission.action:
            outcome = _moved(addressed, Action[submission.action])
            read, employer = None, _employer_of(addressed)
            form = addressed.form if addressed else whole
        else:
            outcome, read, employer = await self._judged(whole, addressed)
            form = whole
        if outcome.after is not None:
            await _record(self.connection, submission.ticket, outcome.before, outcome.after, form)
        entry = effects.entry(submission, outcome, _about(read, outcome), at)
        await outbox.put(self.connection, telling.LEDGER, entry.SerializeToString())
        risk = outcome.after or outcome.before
        answer = notification.write(
            submission.ticket,
            read.identification if read else risk.scenario if risk else "",
            (employer.enterprise_number, employer.nsso_number),
            outcome.anomalies,
            outcome.accepted,
            at,
        )
        state = Handled.ACCEPTED if outcome.accepted else Handled.REFUSED
        number = risk.number if risk else submission.number
        await intake.handled(submission, state, answer.SerializeToString(), number)
        telemetry.note(
            crossroads__decision=state.value, crossroads__anomalies=len(outcome.anomalies)
        )

    async def _judged(
        self, whole: social_risk_pb2.SocialRiskForm, addressed: Recorded | None
    ) -> tuple[Outcome, Form | None, Employer]:
        name = whole.WhichOneof("form")
        if name is None:
            return Outcome((NO_FORM,)), None, Employer("")
        message = getattr(whole, name)
        read = forms.read(message)
        reports = [notification_pb2.AnomalyReport.FromString(a) for a in self.submission.anomalies]
        found = forms.anomalies(message, reports)
        employer = await self._employer(read)
        if not employer.enterprise_number:
            unknown = Anomaly("00014-017", "CompanyID", read.company_id or read.nsso_number)
            return Outcome((*found, unknown)), read, employer
        facts = await self._facts(read, employer, addressed)
        return rules.judge(read, facts, found), read, employer

    async def _addressed(self, whole: social_risk_pb2.SocialRiskForm) -> Recorded | None:
        """The risk that is referred to, where it is one of the declarer's own."""
        name = whole.WhichOneof("form")
        number = self.submission.number
        if not number and name is not None:
            number = forms.read(getattr(whole, name)).refers_to
        found = (await Store(self.connection).numbered([number])).get(number) if number else None
        return found if found and is_own(found.risk, self.submission.declarer) else None

    async def _employer(self, read: Form) -> Employer:
        """The declarer itself; on paper the employer that the form names, where it is known."""
        store, declarer = Employers(self.connection), self.submission.declarer
        kind, _, own = declarer.partition("/")
        company = own if kind == "employer" else employers.enterprise_number(read.company_id)
        known = (await store.employers([company])).get(company)
        if known is None and kind != "employer":
            known = await store.bearer(employers.nsso_number(read.nsso_number))
        return known or Employer(own if kind == "employer" else "")

    async def _facts(self, read: Form, employer: Employer, addressed: Recorded | None) -> Facts:
        store = Store(self.connection)
        subject = await self._subject(read.ssin)
        ssin = subject.ssin if subject else read.ssin
        await store.hold([employer.enterprise_number])
        declared = await self.quarters.of_persons(self.connection, {ssin})
        others = await store.of_persons({ssin, read.ssin})
        return Facts(
            number=self.submission.ticket,
            employer=employer.enterprise_number,
            nsso_number=employer.nsso_number,
            today=self.submission.declared_on,
            subject=subject,
            addressed=addressed.risk if addressed else None,
            others=tuple(o.risk for o in others if o.risk.employer == employer.enterprise_number),
            declared=_of_employer(declared, ssin, employer.enterprise_number),
            on_paper=bool(self.submission.image_digest),
        )

    async def _subject(self, ssin: str) -> Subject | None:
        if not (ssin.isascii() and ssin.isdecimal() and len(ssin) == 11):
            return None
        return (await self.subjects.subjects({ssin})).get(ssin)


def is_own(risk: Risk, declarer: str) -> bool:
    """Whether a declarer may change a risk: the employer its own, an officer those on paper."""
    kind, _, name = declarer.partition("/")
    if kind == "employer":
        return risk.employer == name
    return risk.on_paper and routing.may_key(risk.branch, institutions.parse(name))


def _moved(addressed: Recorded | None, action: Action) -> Outcome:
    if addressed is None:
        return Outcome((Anomaly("00222-234", "ReferenceNbr"),))
    return (rules.finalise if action is Action.FINALISE else rules.cancel)(addressed.risk)


async def _record(
    connection: AsyncConnection,
    ticket: str,
    before: Risk | None,
    after: Risk,
    form: social_risk_pb2.SocialRiskForm,
) -> None:
    await Store(connection).put(after, form, ticket, clock.now())
    mutation = effects.publish(ticket, before, after, form)
    await outbox.put(connection, telling.INTEGRATE_AND_PUBLISH, mutation.SerializeToString())


def _about(read: Form | None, outcome: Outcome) -> str:
    """The person for the ledger; of a refused form only a number with right check digits."""
    risk = outcome.after or outcome.before
    if risk is not None:
        return risk.ssin
    ssin = read.ssin if read else ""
    return ssin if ssin.isascii() and identification.ssin_is_valid(ssin) else ""


def _employer_of(addressed: Recorded | None) -> Employer:
    risk = addressed.risk if addressed else None
    return Employer(risk.employer, risk.nsso_number) if risk else Employer("")


def _of_employer(declared: Declared, ssin: str, employer: str) -> dict[str, Quarter]:
    return {
        quarter.quarter: quarter for named, quarter in declared.get(ssin, ()) if named == employer
    }
