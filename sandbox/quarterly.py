"""A payroll package at the end of a quarter: it writes the DmfA of any number of workers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

SCHEMA = "DmfAOriginal_20223.xsd"
CLERICAL, MANUAL = "495", "015"
_RATES = {CLERICAL: 3807, MANUAL: 4364}
"""Hundredths of percent, of an ordinary contribution."""
_EMPLOYMENT_RATE = 10
"""Hundredths of percent, for temporary unemployment."""


@dataclass(frozen=True, slots=True)
class Worker:
    """Someone who worked the whole quarter."""

    ssin: str
    gross_cents: int
    code: str = CLERICAL
    is_part_time: bool = False

    @property
    def basis(self) -> int:
        """Wages of manual workers count for 108 percent."""
        return _share(self.gross_cents, 10_800) if self.code == MANUAL else self.gross_cents

    @property
    def contributions(self) -> tuple[tuple[str, str, int], ...]:
        """Code, type and cents; type 1 is reckoned on 108 percent."""
        raised = "1" if self.code == MANUAL else "0"
        return (
            (self.code, raised, _share(self.basis, _RATES[self.code])),
            ("859", "0", _share(self.basis, _EMPLOYMENT_RATE)),
        )


def workers(many: int) -> Iterator[Worker]:
    """Invented workers of every kind, at most a hundred thousand."""
    for number, ssin in enumerate(ssins(many)):
        gross = 700_000 + 137 * (number % 2_000)
        code = MANUAL if number % 2 else CLERICAL
        yield Worker(ssin, gross, code, is_part_time=number % 3 == 0)


def ssins(many: int) -> Iterator[str]:
    """Numbers of persons born from 1960 on, 498 a day."""
    day, sequence = date(1960, 1, 1), 1
    for _ in range(many):
        nine = f"{day:%y%m%d}{sequence:03d}"
        yield f"{nine}{97 - int(nine) % 97:02d}"
        sequence += 2
        if sequence > 997:
            day, sequence = day + timedelta(days=1), 1


def document(
    now: datetime, quarter: str, nsso_number: str, declared: Sequence[Worker] | Iterable[Worker]
) -> Iterator[bytes]:
    """The document piece by piece, one for each worker; the amount owed stands before them."""
    declared = list(declared)
    owed = sum(cents for worker in declared for *_, cents in worker.contributions)
    yield _opening(now, quarter, nsso_number, owed).encode()
    begin, last = _days(quarter)
    for number, worker in enumerate(declared, 1):
        yield _person(number, worker, begin, last).encode()
    yield b"</EmployerDeclaration></Form></DmfAOriginal>"


def _opening(now: datetime, quarter: str, nsso_number: str, owed: int) -> str:
    hour = now.strftime("%H:%M:%S.") + f"{now.microsecond // 1000:03d}"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<DmfAOriginal xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        f' xsi:noNamespaceSchemaLocation="{SCHEMA}"><Form><Identification>DMFA</Identification>'
        f"<FormCreationDate>{now:%Y-%m-%d}</FormCreationDate>"
        f"<FormCreationHour>{hour}</FormCreationHour><AttestationStatus>0</AttestationStatus>"
        "<TypeForm>SU</TypeForm><EmployerDeclaration>"
        f"<Quarter>{quarter}</Quarter><NOSSRegistrationNbr>{nsso_number}</NOSSRegistrationNbr>"
        "<Trusteeship>0</Trusteeship><CompanyID>0</CompanyID>"
        f"<NetOwedAmount>{owed}</NetOwedAmount>"
    )


def _person(number: int, worker: Worker, begin: date, last: date) -> str:
    days = 100 * sum(
        (begin + timedelta(days=n)).weekday() < 5 for n in range((last - begin).days + 1)
    )
    hours, week = days * 76 // 10, 3800
    if worker.is_part_time:
        hours, week = hours // 2, 1900
    contributions = "".join(
        "<WorkerContribution>"
        f"<ContributionWorkerCode>{code}</ContributionWorkerCode>"
        f"<ContributionType>{kind}</ContributionType>"
        f"<ContributionCalculationBasis>{worker.basis}</ContributionCalculationBasis>"
        f"<ContributionAmount>{cents}</ContributionAmount></WorkerContribution>"
        for code, kind, cents in worker.contributions
    )
    return (
        f"<NaturalPerson><NaturalPersonSequenceNbr>{number}</NaturalPersonSequenceNbr>"
        f"<INSS>{worker.ssin}</INSS><WorkerRecord><EmployerClass>000</EmployerClass>"
        f"<WorkerCode>{worker.code}</WorkerCode>"
        f"<NOSSQuarterStartingDate>{begin}</NOSSQuarterStartingDate>"
        f"<NOSSQuarterEndingDate>{last}</NOSSQuarterEndingDate><Border>0</Border><Occupation>"
        "<OccupationSequenceNbr>1</OccupationSequenceNbr>"
        "<OccupationStartingDate>2020-01-01</OccupationStartingDate>"
        "<JointCommissionNbr>200</JointCommissionNbr><WorkingDaysSystem>500</WorkingDaysSystem>"
        f"<ContractType>{int(worker.is_part_time)}</ContractType>"
        f"<RefMeanWorkingHours>3800</RefMeanWorkingHours><MeanWorkingHours>{week}</MeanWorkingHours>"
        "<Retired>0</Retired><Service><ServiceSequenceNbr>1</ServiceSequenceNbr>"
        f"<ServiceCode>001</ServiceCode><ServiceNbrDays>{days}</ServiceNbrDays>"
        f"<ServiceNbrHours>{hours}</ServiceNbrHours></Service><Remun>"
        "<RemunSequenceNbr>1</RemunSequenceNbr><RemunCode>001</RemunCode>"
        f"<RemunAmount>{worker.gross_cents}</RemunAmount></Remun></Occupation>"
        f"{contributions}</WorkerRecord></NaturalPerson>"
    )


def _days(quarter: str) -> tuple[date, date]:
    """First and last day of a quarter such as `20263`."""
    year, number = int(quarter[:4]), int(quarter[4])
    after = date(year + number // 4, 3 * (number % 4) + 1, 1)
    return date(year, 3 * number - 2, 1), after - timedelta(days=1)


def _share(cents: int, hundredths_of_percent: int) -> int:
    """To the nearest cent, half a cent up."""
    return (2 * cents * hundredths_of_percent + 10_000) // 20_000
