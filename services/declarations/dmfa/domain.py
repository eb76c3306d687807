"""What a DmfA is: its persons with their work and wages, what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from services.declarations.quarters import Quarter

BLOCKING, COUNTED, NOTED, WARNING = "B", "P", "NP", "W"
"""Classes of anomaly. Only a blocking one refuses a declaration; the others are told."""

Path = tuple[tuple[str, int], ...]
"""The fields that lead to an element of a form, with their index; -1: it is not repeated."""
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Service:
    """Days and hours under one uniform code, in hundredths; None where they are absent."""

    sequence: int
    code: str
    days: int
    hours: int | None = None


@dataclass(frozen=True, slots=True)
class Remuneration:
    """Pay under one uniform code, in cents."""

    sequence: int
    code: str
    cents: int
    months_between: int | None = None
    """Between two payments of a bonus; 0: paid once. None where it is absent."""


@dataclass(frozen=True, slots=True)
class Occupation:
    """One employment under the same terms. Q and S are hours a week, in hundredths."""

    sequence: int
    begin: date | None
    last_day: date | None
    days_a_week: int
    """Hundredths of days: 500 is five. 0: no work is expected."""
    is_part_time: bool
    hours_a_week: int | None
    """Q: of the worker."""
    full_hours_a_week: int | None
    """S: of a full-timer in the same post."""
    has_measure: bool = False
    """Whether working time is reorganised by a measure."""
    services: tuple[Service, ...] = ()
    remunerations: tuple[Remuneration, ...] = ()
    deductions_cents: int = 0


@dataclass(frozen=True, slots=True)
class Contribution:
    """What is due for a worker record, in cents; no basis where it is reckoned on none."""

    code: str
    type: str
    basis: int | None
    cents: int


@dataclass(frozen=True, slots=True)
class Student:
    """The solidarity contribution for a student, in cents."""

    remuneration: int
    contribution: int
    days: int | None = None
    hours: int | None = None
    """How long the student worked, told in one of both."""


@dataclass(frozen=True, slots=True)
class WorkerRecord:
    """What holds for a person under one class of employer and one code of worker."""

    employer_class: str
    worker_code: str
    begin: date | None
    last_day: date | None
    occupations: tuple[Occupation, ...] = ()
    contributions: tuple[Contribution, ...] = ()
    student: Student | None = None
    other_contributions_cents: int = 0
    """Of early retirement, supplements and dismissed statutory workers."""
    deductions_cents: int = 0
    """For the record as a whole."""


@dataclass(frozen=True, slots=True)
class NaturalPerson:
    """A worker, with all that is declared of her for the quarter."""

    sequence: int
    ssin: str
    records: tuple[WorkerRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Unrelated:
    """A contribution that belongs to no single person, in cents."""

    employer_class: str
    code: str
    cents: int


@dataclass(frozen=True, slots=True)
class Frame:
    """A declaration without its persons; empty or None where the element says nothing usable."""

    quarter: Quarter | None
    company_id: str
    nsso_number: str
    net_owed: int | None
    unrelated: tuple[Unrelated, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong: `<zone>-<kind>`, the element, its place below its person or form."""

    error_id: str
    tag: str
    path: Path = ()
    value: str = ""
    gravity: str = BLOCKING


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A finding with its place in the whole document."""

    error_id: str
    tag: str
    value: str = ""
    gravity: str = BLOCKING
    location: str = ""
    line: str = ""
    column: str = ""


@dataclass(frozen=True, slots=True)
class Totals:
    """What adds up over the persons of a declaration, in cents."""

    contributions: int = 0
    deductions: int = 0

    def __add__(self, other: Totals) -> Totals:
        return Totals(self.contributions + other.contributions, self.deductions + other.deductions)

    @property
    def net(self) -> int:
        return self.contributions - self.deductions


@dataclass(frozen=True, slots=True)
class Worked:
    """Wages and working time of one person, employer and quarter."""

    gross_cents: int
    days_hundredths: int
    hours_hundredths: int
