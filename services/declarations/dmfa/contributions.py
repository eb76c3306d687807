"""Contributions against their basis, bases against remunerations, totals against the sum."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from services.declarations.dmfa import codes, contribution_types, rates
from services.declarations.dmfa.domain import (
    COUNTED,
    NOTED,
    Contribution,
    Finding,
    Frame,
    NaturalPerson,
    Path,
    Student,
    Totals,
    WorkerRecord,
)
from services.declarations.quarters import Quarter

INDEMNITIES_ONLY = frozenset({"027", "028"})
"""Classes of employers whose contributions are reckoned on indemnities and yearly payments."""

STUDENT_TIME = {
    "days": ("00078", "StudentNbrDays", "student_nbr_days"),
    "hours": ("01158", "StudentHoursNbr", "student_hours_nbr"),
}


def findings(record: WorkerRecord, quarter: Quarter, path: Path) -> Iterator[Finding]:
    """What is wrong with the contributions of a record."""
    valid = codes.valid(codes.WORKERS, quarter, codes.CONTRIBUTION)
    holding = rates.valid(quarter)
    seen: set[tuple[str, str]] = set()
    for number, one in enumerate(record.contributions):
        here = (*path, ("worker_contributions", number))
        if one.code not in valid:
            yield Finding(
                "00082-008",
                "ContributionWorkerCode",
                (*here, ("contribution_worker_code", -1)),
                one.code,
            )
        yield from _type(one, record.employer_class, quarter, here)
        if (one.code, one.type) in seen:
            yield Finding("90001-006", "WorkerContribution", here, f"{one.code} {one.type}")
        seen.add((one.code, one.type))
        yield from _amount(one, holding, here)
    yield from _bases(record, holding, path)
    yield from _student(record, holding, path)


def totals(person: NaturalPerson) -> Totals:
    """What is owed for a person, and what is deducted."""
    contributions = deductions = 0
    for record in person.records:
        contributions += record.other_contributions_cents
        contributions += sum(one.cents for one in record.contributions)
        contributions += record.student.contribution if record.student else 0
        deductions += record.deductions_cents
        deductions += sum(one.deductions_cents for one in record.occupations)
    return Totals(contributions, deductions)


def of_whole(frame: Frame, persons: Totals) -> Iterator[Finding]:
    """The amount owed against the sum over the persons and what is unrelated to them."""
    owed = persons.net + sum(one.cents for one in frame.unrelated)
    path = (("employer_declaration", -1), ("net_owed_amount", -1))
    if owed < 0:
        yield Finding("00015-011", "NetOwedAmount", path, str(owed))
    elif frame.net_owed is not None and frame.net_owed != owed:
        yield Finding("00015-007", "NetOwedAmount", path, str(frame.net_owed))


def _type(
    one: Contribution, employer_class: str, quarter: Quarter, path: Path
) -> Iterator[Finding]:
    """The type of a contribution against those of its code, for the class of the employer."""
    types = contribution_types.valid(one.code, quarter)
    where = (*path, ("contribution_type", -1))
    if types is not None and one.type not in types.known:
        yield Finding("00083-008", "ContributionType", where, one.type)
    elif types is not None and one.type not in types.of(employer_class):
        yield Finding("00083-084", "ContributionType", where, one.type)


def _amount(one: Contribution, holding: rates.Rates, path: Path) -> Iterator[Finding]:
    if one.code in holding.flat and one.basis is not None:
        where = (*path, ("contribution_calculation_basis", -1))
        value = str(one.basis)
        yield Finding("00084-062", "ContributionCalculationBasis", where, value, NOTED)
    rate = holding.contributions.get((one.code, one.type))
    if rate is None:
        return
    if one.basis is None:
        yield Finding("00084-001", "ContributionCalculationBasis", path, "", COUNTED)
    elif rates.of(one.basis, rate) != one.cents:
        where = (*path, ("contribution_amount", -1))
        yield Finding("00085-044", "ContributionAmount", where, str(one.cents), COUNTED)


def _bases(record: WorkerRecord, holding: rates.Rates, path: Path) -> Iterator[Finding]:
    """Ordinary contributions of a record are reckoned on its remunerations, some of them raised."""
    declared = Counter[int]()
    for one in record.contributions:
        part = holding.bases.get((one.code, one.type))
        if one.code == record.worker_code and one.basis is not None and part is not None:
            declared[part] += one.basis
    if not declared or record.employer_class in INDEMNITIES_ONLY:
        return
    paid = sum(
        one.cents
        for occupation in record.occupations
        for one in occupation.remunerations
        if one.code in holding.subject
    )
    total, left = declared.total(), paid - declared.pop(rates.WHOLE, 0)
    expected = {part: rates.of(left, part) for part in declared}
    if expected != declared or (left and not declared):
        yield Finding("90012-529", "WorkerRecord", path, str(total), COUNTED)


def _student(record: WorkerRecord, holding: rates.Rates, path: Path) -> Iterator[Finding]:
    if record.student is None:
        return
    here = (*path, ("student_contribution", -1))
    yield from _time(record.student, holding, here)
    rate = holding.students.get(record.worker_code)
    if rate is None:
        return
    if rates.of(record.student.remuneration, rate) != record.student.contribution:
        where = (*here, ("student_contribution_amount", -1))
        value = str(record.student.contribution)
        yield Finding("00077-044", "StudentContributionAmount", where, value, COUNTED)


def _time(student: Student, holding: rates.Rates, path: Path) -> Iterator[Finding]:
    """How long a student worked stands in days or in hours, and is not more than in a year."""
    unit, most = holding.student_time
    for one, worked in (("days", student.days), ("hours", student.hours)):
        zone, tag, field = STUDENT_TIME[one]
        where = (*path, (field, -1))
        if one == unit and worked is None:
            yield Finding(f"{zone}-001", tag, path)
        elif one == unit and worked is not None and worked > most:
            yield Finding(f"{zone}-008", tag, where, str(worked))
        elif one != unit and worked is not None:
            yield Finding(f"{zone}-146", tag, where, str(worked))
