"""Handling a correction: each person's part amended, judged as a whole, and recorded anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from crossroads.forms.v1 import dmfa_pb2, dmfa_pid_pb2, dmfa_update_pb2, notification_pb2
from crossroads.router.v1 import exchange_pb2
from sqlalchemy.ext.asyncio import AsyncConnection

from mesh import elements, identification, outbox
from services.declarations import quarters
from services.declarations.dmfa import (
    amendment,
    effects,
    form,
    identifiers,
    judgement,
    places,
    rules,
    wages,
)
from services.declarations.dmfa.amendment import Amended, Standing
from services.declarations.dmfa.domain import (
    WARNING,
    Anomaly,
    Finding,
    Path,
)
from services.declarations.dmfa.intake import Intake
from services.declarations.dmfa.judgement import Anomalies
from services.declarations.dmfa.records import Recorded, Submission
from services.declarations.dmfa.store import Store
from services.declarations.dmfa.telling import ATTEST
from services.declarations.quarters import Quarter
from services.declarations.replacements import Replacements
from services.declarations.worker import Persons

WHOLE: Path = (("employer_declaration_update", -1),)


class Correction:
    """One correction within one transaction."""

    def __init__(
        self, connection: AsyncConnection, persons: Persons, submission: Submission, at: datetime
    ) -> None:
        self._connection = connection
        self._store = Store(connection)
        self._ask = persons
        self._submission = submission
        self._at = at
        self.wire = dmfa_update_pb2.DmfaUpdateForm.FromString(submission.form)
        self._updates = self.wire.employer_declaration_update.natural_person_updates
        self._anomalies = Anomalies()
        self._payloads: list[bytes] = []

    async def handle(self) -> tuple[list[Anomaly], int]:
        """The anomalies, and the number of the quarter; 0 where the correction is refused."""
        await self._follow_numbers()
        sent = [notification_pb2.AnomalyReport.FromString(a) for a in self._submission.anomalies]
        about = quarters.parse(self._submission.quarter)
        found = elements.anomalies(self.wire, judgement.FORM, int(about) if about else 0)
        self._anomalies.add(judgement.of_channel(sent))
        self._anomalies.add(judgement.of_element(one) for one in found)
        pid = await Intake(self._connection).declaration_pid(
            self._submission.employer, self._submission.quarter
        )
        self._find(_of_whole(self.wire, pid))
        if about is None or not pid:
            return self._anomalies.told, 0
        before = await self._known()
        amended = [amendment.amend(one, before.get(one.inss)) for one in self._updates]
        self._judge(amended, about)
        await self._identify(before)
        if self._anomalies.blocking:
            return self._anomalies.told, 0
        await self._record(amended, about)
        return self._anomalies.told, pid

    async def _follow_numbers(self) -> None:
        """A person is corrected under the number in force; who names an old one is told so."""
        in_force = await Replacements(self._connection).all_in_force(
            {one.inss for one in self._updates}
        )
        for number, one in enumerate(self._updates):
            if in_force[one.inss] != one.inss:
                path = (*WHOLE, ("natural_person_updates", number), ("inss", -1))
                self._find([Finding("90017-252", "INSS", path, one.inss, WARNING)])
                one.inss = in_force[one.inss]

    async def _known(self) -> dict[str, Standing]:
        """What is known of each person, by the number in force."""
        found = await self._current()
        return {
            ssin: Standing(
                dmfa_pb2.DmfaNaturalPerson.FromString(one.content),
                dmfa_pid_pb2.DmfaIDNaturalPerson.FromString(one.identifiers),
                one.cancelled,
            )
            for ssin, one in found.items()
        }

    async def _current(self) -> dict[str, Recorded]:
        ssins = {one.inss for one in self._updates}
        return await self._store.current(self._submission.employer, self._submission.quarter, ssins)

    def _judge(self, amended: list[Amended], about: Quarter) -> None:
        seen: set[str] = set()
        for number, one in enumerate(amended):
            here: Path = (*WHOLE, ("natural_person_updates", number))
            if one.content.inss in seen:
                self._find([Finding("90017-006", "INSS", here, one.content.inss)])
            seen.add(one.content.inss)
            ruled = rules.of_person(form.person(one.content), about)
            moved = [*one.findings, *(_moved(finding, one.origins) for finding in ruled)]
            self._find(
                replace(finding, path=(*here, *finding.path)) for finding in moved if finding
            )

    async def _identify(self, before: dict[str, Standing]) -> None:
        """A person who was not declared yet must be known, under the number declared."""
        new = {one.inss for one in self._updates if one.inss not in before}
        known = await self._ask.lookup({ssin for ssin in new if identification.ssin_is_valid(ssin)})
        for number, one in enumerate(self._updates):
            person = known.get(one.inss)
            if person and (not person.known or person.ssin != one.inss):
                path = (*WHOLE, ("natural_person_updates", number), ("inss", -1))
                self._find([Finding("90017-151", "NaturalPersonUpdate", path, one.inss)])

    async def _record(self, amended: list[Amended], about: Quarter) -> None:
        submission, before = self._submission, await self._current()
        ssins = [one.content.inss for one in amended]
        pids = await self._store.person_pids(ssins)
        needed = sum(identifiers.needed(one.content) for one in amended)
        numbers = iter(await self._store.new_numbers(needed))
        recorded = [
            self._version(one.content, before.get(one.content.inss), pids, numbers)
            for one in amended
        ]
        await self._store.close(submission.employer, submission.quarter, ssins, self._at)
        await self._store.put(recorded)
        others = {one.ssin for one in await self._store.of_persons(ssins, (str(about),) * 2)}
        self._tell(recorded, before, others, about)
        await outbox.put_all(
            self._connection, [outbox.Parcel.of(ATTEST, payload) for payload in self._payloads]
        )

    def _version(
        self,
        person: dmfa_pb2.DmfaNaturalPerson,
        before: Recorded | None,
        pids: dict[str, int],
        numbers: Iterator[int],
    ) -> Recorded:
        """What is recorded of a person now; one without records left is taken back."""
        last = dmfa_pid_pb2.DmfaIDNaturalPerson.FromString(before.identifiers) if before else None
        given = identifiers.give(person, pids.get(person.inss, 0), numbers, last)
        cancelled = not person.worker_records
        return Recorded(
            ssin=person.inss,
            employer=self._submission.employer,
            quarter=self._submission.quarter,
            version=identifiers.version(given),
            content=person.SerializeToString(deterministic=True),
            identifiers=given.SerializeToString(deterministic=True),
            person_pid=identifiers.person_pid(given),
            worked=before.worked if cancelled and before else wages.of(form.person(person)),
            ticket=self._submission.ticket,
            recorded_from=self._at,
            cancelled=cancelled,
        )

    def _tell(
        self,
        recorded: list[Recorded],
        before: dict[str, Recorded],
        employed: set[str],
        about: Quarter,
    ) -> None:
        """Who is new is integrated first; who is no employee of anyone leaves last."""
        ticket = self._submission.ticket
        new = [one.ssin for one in recorded if not _stood(before.get(one.ssin))]
        if new:
            self._payloads.append(effects.integration(f"{ticket}-register", new, about))
        for number, one in enumerate(recorded):
            kind = exchange_pb2.MUTATION_KIND_CHANGED
            if one.cancelled:
                kind = exchange_pb2.MUTATION_KIND_CANCELLED
            elif one.ssin in new:
                kind = exchange_pb2.MUTATION_KIND_CREATED
            self._payloads.append(
                effects.publication(
                    f"{ticket}-{number}", kind, one.ssin, one.employer, about, one.worked
                )
            )
        for number, one in enumerate(recorded):
            if one.cancelled and one.ssin not in employed:
                name = f"{ticket}-end-{number}"
                self._payloads.append(effects.de_integration(name, one.ssin, about))

    def _find(self, findings: Iterator[Finding] | list[Finding]) -> None:
        self._anomalies.add(places.anomaly(one, self.wire, judgement.FORM) for one in findings)


def _stood(recorded: Recorded | None) -> bool:
    return recorded is not None and not recorded.cancelled


def _of_whole(wire: dmfa_update_pb2.DmfaUpdateForm, pid: int) -> Iterator[Finding]:
    """The number of the quarter; what of it cannot be corrected apart from its persons."""
    whole = wire.employer_declaration_update
    declared = whole.employer_declaration_pid.lstrip("0")
    if not pid or (declared and declared != str(pid)):
        path = (*WHOLE, ("employer_declaration_pid", -1))
        yield Finding("00534-182", "EmployerDeclarationPID", path, declared)
    for field in ("company_vehicle_update_actions", "contribution_unrelated_to_np_updates"):
        for number, _ in enumerate(getattr(whole, field)):
            yield Finding("00618-174", "UpdateAction", (*WHOLE, (field, number)))


def _moved(finding: Finding, origins: tuple[int, ...]) -> Finding | None:
    """A finding on the person as amended, at the update that made it; None where none did."""
    if not finding.path:
        return finding
    (_, number), *rest = finding.path
    if origins[number] < 0:
        return None
    names = {"occupations": "occupation_updates"}
    below = tuple((names.get(name, name), index) for name, index in rest)
    path = (
        ("worker_record_updates", origins[number]),
        ("worker_record_update_action", -1),
        *below,
    )
    return replace(finding, path=path)
