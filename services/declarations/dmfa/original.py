"""Handling an original: judged and recorded part by part, kept only where nothing blocks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

from crossroads.forms.v1 import dmfa_pb2, notification_pb2
from crossroads.router.v1 import exchange_pb2
from sqlalchemy.ext.asyncio import AsyncConnection

from mesh import clock, identification, outbox
from services.declarations.dimona.domain import DimonaPeriod, Person
from services.declarations.dimona.store import Store as Periods
from services.declarations.dmfa import (
    confrontation,
    effects,
    form,
    identifiers,
    judgement,
    places,
)
from services.declarations.dmfa.domain import Anomaly, Finding, Totals
from services.declarations.dmfa.intake import Intake
from services.declarations.dmfa.judgement import Anomalies, Judged, Layout
from services.declarations.dmfa.records import Recorded, Submission
from services.declarations.dmfa.store import Store
from services.declarations.dmfa.telling import ATTEST
from services.declarations.quarters import Quarter
from services.declarations.worker import Persons

PAGE = 5_000
WHOLE = (("employer_declaration", -1),)


class Original:
    """One original within one transaction: what it records is undone where something blocks."""

    def __init__(
        self, connection: AsyncConnection, persons: Persons, submission: Submission, at: datetime
    ) -> None:
        self._connection = connection
        self._intake = Intake(connection)
        self._store = Store(connection)
        self._ask = persons
        self._submission = submission
        self._at = at
        self.wire = dmfa_pb2.DmfaForm.FromString(submission.form)
        self._frame = form.frame(self.wire)
        self._layout = Layout(self.wire, submission.workers)
        self._anomalies = Anomalies()
        self._totals = Totals()
        self._ssins: set[str] = set()
        self._sequences: set[int] = set()

    async def handle(self) -> tuple[list[Anomaly], int]:
        """The anomalies, and the number that the quarter got; 0 where it is refused."""
        today = self._submission.received_at.astimezone(clock.BRUSSELS).date()
        sent = [notification_pb2.AnomalyReport.FromString(a) for a in self._submission.anomalies]
        self._anomalies.add(judgement.of_channel(sent))
        self._anomalies.add(judgement.of_frame(self._layout, self._frame, today))
        await self._check_first()
        async with self._connection.begin_nested() as savepoint:
            await self._parts()
            self._anomalies.add(judgement.of_total(self._layout, self._frame, self._totals))
            await self._missing()
            if self._anomalies.blocking:
                await savepoint.rollback()
        if self._anomalies.blocking:
            return self._anomalies.told, 0
        [pid] = await self._store.new_numbers(1)
        return self._anomalies.told, pid

    async def _check_first(self) -> None:
        """A quarter has one original; what comes after corrects it."""
        quarter = self._submission.quarter
        if await self._intake.declaration_pid(self._submission.employer, quarter):
            self._find(Finding("90007-006", "EmployerDeclaration", WHOLE, quarter))

    async def _parts(self) -> None:
        """The next part is judged while the one before is compared and recorded."""
        first, number = 0, 0
        content = await self._part(number)
        judging = self._judge(content, first) if content is not None else None
        while content is not None and judging is not None:
            judged = await judging
            self._anomalies.add(judgement.of_part_channel(content))
            first, number = first + len(judged), number + 1
            content = await self._part(number)
            judging = self._judge(content, first) if content is not None else None
            known = await self._compare(judged)
            if not self._anomalies.blocking and self._frame.quarter:
                await self._record(judged, known, number, self._frame.quarter)

    async def _part(self, number: int) -> bytes | None:
        return await self._intake.part(self._submission.declarant, self._submission.ticket, number)

    def _judge(self, content: bytes, first: int) -> asyncio.Task[list[Judged]]:
        """In a thread, so that whoever else is served does not wait for the whole part."""
        return asyncio.create_task(
            asyncio.to_thread(judgement.of_part, content, self._layout, first, self._frame.quarter)
        )

    async def _compare(self, judged: Sequence[Judged]) -> dict[str, Person]:
        """With the persons before, with the repertory and with the Dimona periods."""
        ssins = {one.person.ssin for one in judged if _is_ssin(one.person.ssin)}
        known = await self._ask.lookup(ssins)
        periods = await self._periods(known)
        for one in judged:
            self._totals += one.totals
            found = known.get(one.person.ssin, Person(one.person.ssin, known=False))
            self._anomalies.add(one.anomalies)
            self._anomalies.add(self._repeated(one, found.ssin))
            if one.person.ssin in known:
                theirs = periods.get(found.ssin, [])
                self._anomalies.add(judgement.against_register(one, found, theirs))
        return known

    async def _periods(self, known: dict[str, Person]) -> dict[str, list[DimonaPeriod]]:
        by_person: dict[str, list[DimonaPeriod]] = {}
        for period in await Periods(self._connection).of_persons(
            {person.ssin for person in known.values()}
        ):
            if period.employer == self._submission.employer and not period.cancelled:
                by_person.setdefault(period.ssin, []).append(period)
        return by_person

    def _repeated(self, one: Judged, ssin: str) -> list[Anomaly]:
        sequence, found = one.person.sequence, []
        if ssin in self._ssins:
            found.append(judgement.twice(one, "INSS", "90017-006", one.person.ssin))
        if sequence in self._sequences:
            tag = "NaturalPersonSequenceNbr"
            found.append(judgement.twice(one, tag, "00023-006", str(sequence)))
        self._ssins.add(ssin)
        self._sequences.add(sequence)
        return found

    async def _record(
        self, judged: Sequence[Judged], known: dict[str, Person], part: int, quarter: Quarter
    ) -> None:
        ssins = [known[one.person.ssin].ssin for one in judged]
        pids = await self._store.person_pids(ssins)
        needed = sum(identifiers.needed(one.wire) for one in judged)
        numbers = iter(await self._store.new_numbers(needed))
        submission = self._submission
        payloads = [effects.integration(f"{submission.ticket}-register-{part}", ssins, quarter)]
        recorded = []
        for ssin, one in zip(ssins, judged, strict=True):
            given = identifiers.give(one.wire, pids.get(ssin, 0), numbers)
            recorded.append(
                Recorded(
                    ssin=ssin,
                    employer=submission.employer,
                    quarter=submission.quarter,
                    version=identifiers.version(given),
                    content=one.wire.SerializeToString(deterministic=True),
                    identifiers=given.SerializeToString(deterministic=True),
                    person_pid=identifiers.person_pid(given),
                    worked=one.worked,
                    ticket=submission.ticket,
                    recorded_from=self._at,
                )
            )
            payloads.append(
                effects.publication(
                    f"{submission.ticket}-{one.person.sequence}",
                    exchange_pb2.MUTATION_KIND_CREATED,
                    ssin,
                    submission.employer,
                    quarter,
                    one.worked,
                )
            )
        await self._store.put(recorded)
        await outbox.put_all(
            self._connection, [outbox.Parcel.of(ATTEST, payload) for payload in payloads]
        )

    async def _missing(self) -> None:
        """Whoever a Dimona says worked in the quarter, and who is not declared."""
        if self._frame.quarter is None:
            return
        after = ("", "")
        while page := await self._store.employed(
            self._submission.employer, self._frame.quarter.period, after, PAGE
        ):
            after = page[-1]
            for finding in confrontation.unpaid_work(page, self._ssins):
                self._find(finding)

    def _find(self, finding: Finding) -> None:
        layout = self._layout
        self._anomalies.add(layout.of_frame([places.anomaly(finding, layout.wire, judgement.FORM)]))


def _is_ssin(text: str) -> bool:
    return text.isascii() and identification.ssin_is_valid(text)
