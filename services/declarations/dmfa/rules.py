"""What is wrong with a DmfA: every finding on a person, and on the declaration as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from services.declarations import quarters
from services.declarations.dmfa import codes, contributions, rates, working_time
from services.declarations.dmfa.domain import (
    COUNTED,
    DAY,
    Finding,
    Frame,
    NaturalPerson,
    Occupation,
    Path,
    WorkerRecord,
)
from services.declarations.quarters import Quarter

SHIFT = timedelta(days=31)
"""How far the quarter of a payroll may lie from that of the calendar."""
SEVERANCE = frozenset({"003", "028"})
WITHOUT_AMOUNT = "029"
"""The one remuneration that may be nothing."""
FIRST = Quarter(2003, 1)


def of_person(person: NaturalPerson, quarter: Quarter) -> list[Finding]:
    """Every finding on a person; their paths begin at the person."""
    return list(_person(person, quarter))


def of_frame(frame: Frame, today: date) -> list[Finding]:
    """What is wrong with a declaration besides its persons."""
    return list(_frame(frame, today))


def _frame(frame: Frame, today: date) -> Iterator[Finding]:
    whole = (("employer_declaration", -1),)
    if not frame.company_id and not frame.nsso_number:
        yield Finding("00011-001", "NOSSRegistrationNbr", whole)
    if frame.quarter is None:
        return
    if not FIRST <= frame.quarter < quarters.of(today):
        yield Finding("00013-008", "Quarter", (*whole, ("quarter", -1)), str(frame.quarter))
    valid = codes.valid(codes.WORKERS, frame.quarter, codes.UNRELATED)
    seen: set[tuple[str, str]] = set()
    for number, one in enumerate(frame.unrelated):
        path = (*whole, ("contribution_unrelated_to_nps", number))
        if one.code not in valid:
            yield Finding(
                "00020-008", "UnrelatedWorkerCode", (*path, ("unrelated_worker_code", -1)), one.code
            )
        if (one.employer_class, one.code) in seen:
            yield Finding("90002-006", "ContributionUnrelatedToNP", path, one.code)
        seen.add((one.employer_class, one.code))


def _person(person: NaturalPerson, quarter: Quarter) -> Iterator[Finding]:
    valid = codes.valid(codes.WORKERS, quarter, codes.RECORD)
    seen: set[tuple[str, str]] = set()
    for number, record in enumerate(person.records):
        path: Path = (("worker_records", number),)
        key = (record.employer_class, record.worker_code)
        if key in seen:
            yield Finding("90012-006", "WorkerRecord", path, " ".join(key))
        seen.add(key)
        if record.worker_code not in valid:
            where = (*path, ("worker_code", -1))
            yield Finding("00037-008", "WorkerCode", where, record.worker_code)
        yield from _quarter(record, quarter, path)
        yield from contributions.findings(record, quarter, path)
        sequences: set[int] = set()
        for place, occupation in enumerate(record.occupations):
            here = (*path, ("occupations", place))
            if occupation.sequence in sequences:
                value = str(occupation.sequence)
                yield Finding("00043-006", "OccupationSequenceNbr", here, value)
            sequences.add(occupation.sequence)
            yield from _days(record, occupation, here)
            yield from _codes(occupation, quarter, here)
            yield from working_time.findings(record, occupation, here)


def _quarter(record: WorkerRecord, quarter: Quarter, path: Path) -> Iterator[Finding]:
    """The quarter of the payroll against that of the calendar."""
    days = quarter.period
    begin, last = record.begin, record.last_day
    if begin and abs(begin - days.begin) > SHIFT:
        where = (*path, ("noss_quarter_starting_date", -1))
        yield Finding("00038-034", "NOSSQuarterStartingDate", where, begin.isoformat(), COUNTED)
    if last and abs(last + DAY - days.end) > SHIFT:
        where = (*path, ("noss_quarter_ending_date", -1))
        yield Finding("00039-034", "NOSSQuarterEndingDate", where, last.isoformat(), COUNTED)
    if begin and last and last < begin:
        where = (*path, ("noss_quarter_ending_date", -1))
        yield Finding("00039-014", "NOSSQuarterEndingDate", where, last.isoformat())


def _days(record: WorkerRecord, occupation: Occupation, path: Path) -> Iterator[Finding]:
    """Begin and end of an occupation; those that severance pay covers may lie later."""
    begin, last = occupation.begin, occupation.last_day
    if begin and last and last < begin:
        where = (*path, ("occupation_ending_date", -1))
        yield Finding("00045-014", "OccupationEndingDate", where, last.isoformat())
    if record.begin is None or record.last_day is None:
        return
    severance = working_time.is_severance(occupation)
    if begin and (begin < record.begin if severance else begin > record.last_day):
        where = (*path, ("occupation_starting_date", -1))
        yield Finding("00044-008", "OccupationStartingDate", where, begin.isoformat())
    if last and (last < record.begin or (last > record.last_day and not severance)):
        where = (*path, ("occupation_ending_date", -1))
        yield Finding("00045-008", "OccupationEndingDate", where, last.isoformat())
    if severance and last is None:
        yield Finding("00045-001", "OccupationEndingDate", path, "", COUNTED)


def _codes(occupation: Occupation, quarter: Quarter, path: Path) -> Iterator[Finding]:
    services = codes.valid(codes.SERVICES, quarter)
    sequences: set[int] = set()
    for number, service in enumerate(occupation.services):
        here = (*path, ("services", number))
        if service.code not in services:
            yield Finding("00062-008", "ServiceCode", (*here, ("service_code", -1)), service.code)
        if service.sequence in sequences:
            yield Finding("00061-006", "ServiceSequenceNbr", here, str(service.sequence))
        sequences.add(service.sequence)
    yield from _remunerations(occupation, quarter, path)
    if occupation.days_a_week and not occupation.services and not occupation.remunerations:
        yield Finding("90015-134", "Occupation", path, "", COUNTED)


def _remunerations(occupation: Occupation, quarter: Quarter, path: Path) -> Iterator[Finding]:
    valid, bonuses = codes.valid(codes.REMUNERATIONS, quarter), rates.valid(quarter).bonuses
    sequences: set[int] = set()
    kinds: set[str] = set()
    for number, one in enumerate(occupation.remunerations):
        here = (*path, ("remuns", number))
        if one.code not in valid:
            yield Finding("00067-008", "RemunCode", (*here, ("remun_code", -1)), one.code)
        if (one.months_between is not None) != (one.code in bonuses):
            kind = "001" if one.months_between is None else "029"
            value = "" if one.months_between is None else str(one.months_between)
            yield Finding(f"00068-{kind}", "BonusPaymentFrequency", here, value, COUNTED)
        if not one.cents and one.code != WITHOUT_AMOUNT:
            yield Finding("00070-008", "RemunAmount", (*here, ("remun_amount", -1)), "0")
        if one.sequence in sequences:
            yield Finding("00066-006", "RemunSequenceNbr", here, str(one.sequence))
        sequences.add(one.sequence)
        kinds.add(one.code)
    if kinds & SEVERANCE and kinds - SEVERANCE:
        yield Finding("90015-169", "Occupation", path)
