"""Wages and working time of a person's quarter, as the network knows them."""

from __future__ import annotations

from crossroads.attestations.v1 import attestations_pb2
from google.protobuf import any_pb2

from services.declarations.dmfa.domain import NaturalPerson, Worked
from services.declarations.quarters import Quarter

NOT_GROSS = frozenset({"010", "011", "013", "020", "021", "024", "025", "026", "047"})
"""Remunerations that are no part of the gross wage: benefits, exempt pay, what the employer got."""


def of(person: NaturalPerson) -> Worked:
    """Over all records of the person; a student's pay counts, without days or hours."""
    gross = days = hours = 0
    for record in person.records:
        gross += record.student.remuneration if record.student else 0
        for occupation in record.occupations:
            gross += sum(o.cents for o in occupation.remunerations if o.code not in NOT_GROSS)
            days += sum(one.days for one in occupation.services)
            hours += sum(one.hours or 0 for one in occupation.services)
    return Worked(gross, days, hours)


def attestation(employer: str, quarter: Quarter | str, worked: Worked) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(
        attestations_pb2.WagesAndWorkingTime(
            quarter=str(quarter),
            employer_enterprise_number=employer,
            gross_wage_cents=worked.gross_cents,
            days_hundredths=worked.days_hundredths,
            hours_hundredths=worked.hours_hundredths,
        )
    )
    return packed
