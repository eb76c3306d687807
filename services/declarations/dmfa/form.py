"""Reading a DmfA of the uniform elements into what its rules judge."""

from __future__ import annotations

from crossroads.forms.v1 import dmfa_pb2

from mesh import days
from services.declarations import quarters
from services.declarations.dmfa.domain import (
    Contribution,
    Frame,
    NaturalPerson,
    Occupation,
    Remuneration,
    Service,
    Student,
    Unrelated,
    WorkerRecord,
)


def frame(wire: dmfa_pb2.DmfaForm) -> Frame:
    """The declaration without its persons."""
    whole = wire.employer_declaration
    return Frame(
        quarter=quarters.parse(whole.quarter),
        company_id=_known(whole.company_id),
        nsso_number=_known(whole.noss_registration_nbr),
        net_owed=_optional(whole.net_owed_amount),
        unrelated=tuple(
            Unrelated(
                one.unrelated_employer_class,
                one.unrelated_worker_code.zfill(3),
                _number(one.unrelated_amount),
            )
            for one in whole.contribution_unrelated_to_nps
        ),
    )


def person(wire: dmfa_pb2.DmfaNaturalPerson) -> NaturalPerson:
    """A worker; what is no number counts as nothing, its element says so."""
    return NaturalPerson(
        sequence=_number(wire.natural_person_sequence_nbr),
        ssin=wire.inss,
        records=tuple(_record(record) for record in wire.worker_records),
    )


def _record(wire: dmfa_pb2.DmfaWorkerRecord) -> WorkerRecord:
    student = None
    if wire.HasField("student_contribution"):
        told = wire.student_contribution
        student = Student(
            _number(told.student_remun_amount),
            _number(told.student_contribution_amount),
            _optional(told.student_nbr_days),
            _optional(told.student_hours_nbr),
        )
    return WorkerRecord(
        employer_class=wire.employer_class,
        worker_code=wire.worker_code,
        begin=days.read(wire.noss_quarter_starting_date),
        last_day=days.read(wire.noss_quarter_ending_date),
        occupations=tuple(_occupation(one) for one in wire.occupations),
        contributions=tuple(
            Contribution(
                one.contribution_worker_code,
                one.contribution_type,
                _optional(one.contribution_calculation_basis),
                _number(one.contribution_amount),
            )
            for one in wire.worker_contributions
        ),
        student=student,
        other_contributions_cents=_others(wire),
        deductions_cents=sum(_number(one.deduction_amount) for one in wire.worker_deductions),
    )


def _others(wire: dmfa_pb2.DmfaWorkerRecord) -> int:
    """Contributions that stand in blocks of their own."""
    return (
        sum(
            _number(one.early_retirement_contribution_amount)
            for one in wire.early_retirement_contributions
        )
        + sum(
            _number(part.contribution_amount)
            for one in wire.complementary_indemnities
            for part in one.compl_indemnity_contributions
        )
        + _number(wire.dismissed_statutory_worker_contribution.gross_ref_remun_contribution_amount)
    )


def _occupation(wire: dmfa_pb2.DmfaOccupation) -> Occupation:
    return Occupation(
        sequence=_number(wire.occupation_sequence_nbr),
        begin=days.read(wire.occupation_starting_date),
        last_day=days.read(wire.occupation_ending_date),
        days_a_week=_number(wire.working_days_system),
        is_part_time=wire.contract_type == "1",
        hours_a_week=_optional(wire.mean_working_hours),
        full_hours_a_week=_optional(wire.ref_mean_working_hours),
        has_measure=bool(wire.reorganisation_measure or wire.reorg_measure_informations),
        services=tuple(
            Service(
                _number(one.service_sequence_nbr),
                one.service_code.zfill(3),
                _number(one.service_nbr_days),
                _optional(one.service_nbr_hours),
            )
            for one in wire.services
        ),
        remunerations=tuple(
            Remuneration(
                _number(one.remun_sequence_nbr),
                one.remun_code.zfill(3),
                _number(one.remun_amount),
                _optional(one.bonus_payment_frequency),
            )
            for one in wire.remuns
        ),
        deductions_cents=sum(_number(one.deduction_amount) for one in wire.occupation_deductions),
    )


def _known(number: str) -> str:
    """A number, or nothing where the declarer wrote zeros for one that she does not know."""
    return number if number.strip("0") else ""


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 19 else 0


def _optional(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 19 else None
