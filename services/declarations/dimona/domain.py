"""What a Dimona is: a form as declared, a period as it stands, what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum

from mesh.periods import Period

BLOCKING = "B"
"""Only a blocking anomaly refuses a form; the other classes are noted."""


class Kind(Enum):
    """Which declaration a form makes; the value is its element in XML."""

    IN = "DimonaIn"
    OUT = "DimonaOut"
    UPDATE = "DimonaUpdate"
    CANCEL = "DimonaCancel"
    DAILY = "DailyRegistrationDeclaration"


class Change(Enum):
    """What a declaration does to a period."""

    CREATED = "created"
    CHANGED = "changed"
    ENDED = "ended"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Form:
    """A Dimona in the declarer's own text; empty where the element is absent."""

    kind: Kind
    inss: str = ""
    named: bool = False
    dimona_period_id: str = ""
    starting_date: str = ""
    starting_hour: str = ""
    ending_date: str = ""
    ending_hour: str = ""
    planned_hours: str = ""
    worker_type: str = ""
    joint_commission: str = ""
    company_id: str = ""
    nsso_number: str = ""

    @property
    def begin(self) -> date | None:
        """First day; None where absent or no day of the calendar."""
        return day(self.starting_date)

    @property
    def last_day(self) -> date | None:
        """Last day, which is still in the period; None where absent or no day of the calendar."""
        return day(self.ending_date)


@dataclass(frozen=True, slots=True)
class DimonaPeriod:
    """A period of employment; its `days` are half-open and open-ended while it runs."""

    id: str
    ssin: str
    employer: str
    nsso_number: str
    worker_type: str
    joint_commission: str
    days: Period
    starting_hour: str = ""
    ending_hour: str = ""
    planned_hours: str = ""
    cancelled: bool = False

    @property
    def is_open(self) -> bool:
        return self.days.end == date.max


@dataclass(frozen=True, slots=True)
class Person:
    """What the repertory says of the number declared: is she known, and by which number now."""

    ssin: str
    known: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known when a form is judged."""

    employer: str
    nsso_number: str
    today: date
    person: Person | None = None
    """Of an IN; None where no number could be looked up."""
    periods: tuple[DimonaPeriod, ...] = ()
    """Every period of the person, also of other employers."""
    new_id: str = ""
    """For the period an IN makes."""

    def addressed(self, period_id: str) -> DimonaPeriod | None:
        """The employer's own period of that id; of another's nobody hears that it exists."""
        for period in self.periods:
            if period.id == period_id and period.employer == self.employer:
                return period
        return None


@dataclass(frozen=True, slots=True)
class Anomaly:
    """What is wrong with a form: `<zone>-<kind>`, the element, its value, and how grave it is."""

    error_id: str
    tag: str
    value: str = ""
    gravity: str = BLOCKING
    location: str = ""
    line: str = ""
    column: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a form: refused with anomalies, or a period before and after."""

    anomalies: tuple[Anomaly, ...] = ()
    change: Change | None = None
    before: DimonaPeriod | None = None
    after: DimonaPeriod | None = None

    @property
    def accepted(self) -> bool:
        return self.change is not None


def day(text: str) -> date | None:
    """Read `YYYY-MM-DD`; None for anything else."""
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None
