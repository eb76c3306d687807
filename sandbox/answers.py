"""What each institution of the sandbox knows of a person."""

from __future__ import annotations

from collections.abc import Iterable

from crossroads.attestations.v1 import attestations_pb2 as attestations
from crossroads.attestations.v1 import persons_pb2 as persons
from google.protobuf.message import Message

from mesh import periods
from mesh.periods import Period
from sandbox import cast


def answer(
    holder: str, data_sort: str, ssin: str, period: Period, wages: Iterable[attestations.LivingWage]
) -> list[Message]:
    """The attestations about days within `period`. `wages` are the person's living wages."""
    match holder, data_sort:
        case "0/0", "household_composition":
            return _household(ssin)
        case "0/0", "domicile":
            return [_domicile()]
        case "11/1", "health_insurability" if ssin in cast.CITIZENS.values():
            since = Period(cast.ADDRESS_SINCE, periods.ALWAYS.end)
            return [
                attestations.HealthInsurability(
                    period=periods.to_wire(since), code1="110", code2="110"
                )
            ]
        case "17/1" | "17/1001", "living_wage":
            return [wage for wage in wages if periods.from_wire(wage.period).overlaps(period)]
    return []


def _domicile() -> persons.Domicile:
    """Everybody lives in the same place."""
    since = Period(cast.ADDRESS_SINCE, periods.ALWAYS.end)
    return persons.Domicile(
        period=periods.to_wire(since), postal_code=cast.POSTAL_CODE, country="BE"
    )


def _household(ssin: str) -> list[Message]:
    """Who lives with a person; somebody of whom nothing else is known lives alone."""
    members = cast.HOUSEHOLD if ssin in cast.HOUSEHOLD else (ssin,)
    since = Period(cast.ADDRESS_SINCE, periods.ALWAYS.end)
    return [
        attestations.HouseholdComposition(
            postal_code=cast.POSTAL_CODE,
            members=[
                attestations.HouseholdMember(
                    ssin=member,
                    period=periods.to_wire(since),
                    relation=1 if member == members[0] else 3,
                )
                for member in members
            ],
        )
    ]
