"""Workers of the quarter against their Dimona periods, both ways."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from mesh.periods import Period, covered
from services.declarations.dmfa import working_time
from services.declarations.dmfa.domain import NOTED, Finding, NaturalPerson

WITHOUT_DIMONA = frozenset({"404", "405", "406", "407", "497", "675", "676", "690", "876", "877"})
"""Worker codes that no Dimona need cover: elected office, permanent officials, childminders."""
FLEXI = frozenset({"050", "450"})


def undeclared_work(person: NaturalPerson, periods: Sequence[Period]) -> Iterator[Finding]:
    """Occupations, or parts of them, that none of the employer's Dimona periods covers."""
    for number, record in enumerate(person.records):
        if record.worker_code in WITHOUT_DIMONA:
            continue
        for place, occupation in enumerate(record.occupations):
            days = working_time.days_of(record, occupation)
            if days is None or working_time.is_severance(occupation) or covered(days, periods):
                continue
            code = "90015-485" if record.worker_code in FLEXI else "90007-262"
            path = (("worker_records", number), ("occupations", place))
            yield Finding(code, "Occupation", path, days.begin.isoformat(), NOTED)


def unpaid_work(
    employed: Iterable[tuple[str, str]], declared: frozenset[str] | set[str]
) -> Iterator[Finding]:
    """Dimona periods over the quarter whose worker is not declared.

    `employed` are SSIN and Dimona period id; the finding tells the id only.
    """
    for ssin, period_id in employed:
        if ssin not in declared:
            yield Finding(
                "90007-263",
                "EmployerDeclaration",
                (("employer_declaration", -1),),
                period_id,
                NOTED,
            )
