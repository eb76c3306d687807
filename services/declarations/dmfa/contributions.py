"""Contributions against their basis, bases against remunerations, totals against the sum."""

from __future__ import annotations

from collections.abc import Iterator

from services.declarations.dmfa import codes, rates
from services.declarations.dmfa.domain import (
    COUNTED,
    Contribution,
    Finding,
    Frame,
    NaturalPerson,
    Path,
    Totals,
    WorkerRecord,
)
from services.declarations.quarters import Quarter


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


def _amount(one: Contribution, holding: rates.Rates, path: Path) -> Iterator[Finding]:
    rate = holding.contributions.get((one.code, one.type))
    if rate is None:
        return
    if one.basis is None:
        yield Finding("00084-001", "ContributionCalculationBasis", path)
    elif rates.of(one.basis, rate) != one.cents:
        where = (*path, ("contribution_amount", -1))
        yield Finding("00085-044", "ContributionAmount", where, str(one.cents), COUNTED)


def _bases(record: WorkerRecord, holding: rates.Rates, path: Path) -> Iterator[Finding]:
    """The ordinary contribution of a record is reckoned on its remunerations."""
    part = holding.bases.get(record.worker_code)
    declared = [
        one.basis
        for one in record.contributions
        if one.code == record.worker_code and one.basis is not None
    ]
    if part is None or not declared:
        return
    paid = sum(
        one.cents
        for occupation in record.occupations
        for one in occupation.remunerations
        if one.code in holding.subject
    )
    if sum(declared) != rates.of(paid, part):
        yield Finding("90012-529", "WorkerRecord", path, str(sum(declared)), COUNTED)


def _student(record: WorkerRecord, holding: rates.Rates, path: Path) -> Iterator[Finding]:
    rate = holding.students.get(record.worker_code)
    if record.student is None or rate is None:
        return
    if rates.of(record.student.remuneration, rate) != record.student.contribution:
        where = (*path, ("student_contribution", -1), ("student_contribution_amount", -1))
        value = str(record.student.contribution)
        yield Finding("00077-044", "StudentContributionAmount", where, value, COUNTED)
