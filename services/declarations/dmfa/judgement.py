"""Judging a declaration part by part: what is wrong so far, and what adds up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from crossroads.declarations.v1 import dmfa_pb2 as wires
from crossroads.forms.v1 import dmfa_pb2, notification_pb2

from mesh import elements
from services.declarations.dimona.domain import DimonaPeriod, Person
from services.declarations.dmfa import confrontation, contributions, form, places, rules, wages
from services.declarations.dmfa.domain import (
    BLOCKING,
    WARNING,
    Anomaly,
    Finding,
    Frame,
    NaturalPerson,
    Totals,
    Worked,
)
from services.declarations.quarters import Quarter

MOST = 10_000
"""Anomalies that are told of one declaration; those that block come first."""
FORM = "1,1"
"""Where the form stands in its document."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A person of a part, with what was found in her own elements and by the rules."""

    wire: dmfa_pb2.DmfaNaturalPerson
    person: NaturalPerson
    worked: Worked
    totals: Totals
    anomalies: tuple[Anomaly, ...]
    location: str


@dataclass(slots=True)
class Anomalies:
    """What was found so far: all that blocks and all that is noted, each up to a bound."""

    blocking: list[Anomaly] = field(default_factory=list)
    noted: list[Anomaly] = field(default_factory=list)

    def add(self, found: Iterable[Anomaly]) -> None:
        for one in found:
            kept = self.blocking if one.gravity == BLOCKING else self.noted
            if len(kept) < MOST:
                kept.append(one)

    @property
    def told(self) -> list[Anomaly]:
        """Each once, in order, with its line where the channel knew it; those that block first."""
        once: dict[tuple[str, str, str], Anomaly] = {}
        for one in (*self.blocking, *self.noted):
            key = (one.error_id, one.location, one.tag)
            if key not in once or (one.line and not once[key].line):
                once[key] = one
        return list(once.values())[:MOST]


class Layout:
    """Where the persons of a form stand, and what stands after them."""

    def __init__(self, wire: dmfa_pb2.DmfaForm, workers: int) -> None:
        self.wire = dmfa_pb2.DmfaForm.FromString(wire.SerializeToString())
        self._others = max(workers - 1, 0)
        del self.wire.employer_declaration.natural_persons[:]
        if workers:
            self.wire.employer_declaration.natural_persons.add()
        path = (("employer_declaration", -1), ("natural_persons", 0))
        self._first = places.locate(self.wire, FORM, path).split(",")

    def of_person(self, number: int) -> str:
        """Of a person, numbered from 0 on."""
        *above, first = self._first
        return ",".join([*above, str(int(first) + number)])

    def of_frame(self, found: Iterable[Anomaly]) -> list[Anomaly]:
        """Anomalies of the form with one person in it, as they stand with all of them."""
        return [self._moved(one) for one in found if not self._is_person(one)]

    def _is_person(self, one: Anomaly) -> bool:
        has_person = bool(self.wire.employer_declaration.natural_persons)
        return has_person and one.location.split(",")[: len(self._first)] == self._first

    def _moved(self, one: Anomaly) -> Anomaly:
        steps, depth = one.location.split(","), len(self._first)
        above = self._first[: depth - 1]
        if len(steps) < depth or steps[: depth - 1] != above:
            return one
        if int(steps[depth - 1]) <= int(self._first[depth - 1]):
            return one
        steps[depth - 1] = str(int(steps[depth - 1]) + self._others)
        return Anomaly(one.error_id, one.tag, one.value, one.gravity, ",".join(steps))


def of_frame(layout: Layout, frame: Frame, today: date) -> list[Anomaly]:
    """What is wrong with the form besides its persons and its total."""
    wire = layout.wire
    found = [of_element(one) for one in elements.anomalies(wire, FORM, _number(frame.quarter))]
    ruled = [places.anomaly(one, wire, FORM) for one in rules.of_frame(frame, today)]
    return layout.of_frame(_once(found, ruled))


def of_total(layout: Layout, frame: Frame, totals: Totals) -> list[Anomaly]:
    found = contributions.of_whole(frame, totals)
    return layout.of_frame(places.anomaly(one, layout.wire, FORM) for one in found)


def of_part(content: bytes, layout: Layout, first: int, quarter: Quarter | None) -> list[Judged]:
    """The persons of a part, the first of which is number `first` of the form."""
    part = wires.DmfaPart.FromString(content)
    return [
        _judged(wire, layout.of_person(first + number), quarter)
        for number, wire in enumerate(part.persons)
    ]


def of_channel(reports: Iterable[notification_pb2.AnomalyReport]) -> list[Anomaly]:
    """What the channel found while reading, as anomalies."""
    return [
        Anomaly(
            error_id=report.error_id,
            tag=report.tag_name,
            value=report.value,
            gravity=report.anomaly_class,
            location=report.anomaly_location.location,
            line=report.anomaly_location.line_nbr,
            column=report.anomaly_location.column_nbr,
        )
        for report in reports
    ]


def of_part_channel(content: bytes) -> list[Anomaly]:
    return of_channel(wires.DmfaPart.FromString(content).anomalies)


def against_register(
    judged: Judged, found: Person | None, periods: Sequence[DimonaPeriod]
) -> list[Anomaly]:
    """Is the person known, and do the employer's Dimona periods cover her work."""
    findings: list[Finding] = []
    path = (("inss", -1),)
    if found and not found.known:
        findings.append(Finding("90017-151", "NaturalPerson", path, judged.person.ssin))
    elif found and found.ssin != judged.person.ssin:
        findings.append(Finding("90017-252", "INSS", path, judged.person.ssin, WARNING))
    days = [period.days for period in periods]
    findings += confrontation.undeclared_work(judged.person, days)
    return [places.anomaly(one, judged.wire, judged.location) for one in findings]


def twice(judged: Judged, tag: str, error_id: str, value: str) -> Anomaly:
    """That another person of the form bears the same number."""
    field = "inss" if tag == "INSS" else "natural_person_sequence_nbr"
    return places.anomaly(
        Finding(error_id, tag, ((field, -1),), value), judged.wire, judged.location
    )


def of_element(one: elements.Anomaly) -> Anomaly:
    return Anomaly(
        one.error_id,
        one.tag_name,
        one.value,
        one.anomaly_class,
        one.location,
        str(one.line) if one.line else "",
    )


def _judged(wire: dmfa_pb2.DmfaNaturalPerson, location: str, quarter: Quarter | None) -> Judged:
    person = form.person(wire)
    found = [of_element(one) for one in elements.anomalies(wire, location, _number(quarter))]
    ruled = rules.of_person(person, quarter) if quarter else []
    return Judged(
        wire,
        person,
        wages.of(person),
        contributions.totals(person),
        tuple(_once(found, [places.anomaly(one, wire, location) for one in ruled])),
        location,
    )


def _number(quarter: Quarter | None) -> int:
    return int(quarter) if quarter else 0


def _once(found: list[Anomaly], ruled: list[Anomaly]) -> list[Anomaly]:
    """What the elements showed, and what the rules add to it."""
    known = {(one.error_id, one.location) for one in found}
    return [*found, *(one for one in ruled if (one.error_id, one.location) not in known)]
