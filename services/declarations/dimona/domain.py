"""What a Dimona is: a form as declared, a period as it stands, what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum

from mesh import days
from mesh.periods import Period

BLOCKING = "B"
"""Only a blocking anomaly refuses a form; the other classes are noted."""
NOTED = "NP"
"""Class of an anomaly that does not refuse."""
INVESTIGATED = "I"
"""Class of an anomaly that an inspector may look into; it does not refuse."""


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
    REGISTERED = "registered"
    """A day was registered, changed or taken back; the period itself stays as it is."""


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
    planned_days: str = ""
    birthdate: str = ""
    sex: str = ""
    registration_id: str = ""
    unidentifiable: bool = False
    """Somebody looked, and nobody knows who the worker is."""
    status: str = ""
    """Of a daily registration: 0 made, 1 changed, 3 taken back."""

    @property
    def begin(self) -> date | None:
        """First day; None where absent or none that a form may name."""
        return days.read(self.starting_date)

    @property
    def last_day(self) -> date | None:
        """Last day, which is still in the period; None where absent or none that a form may name.

        `days.NEVER` opens the period again.
        """
        return days.NEVER if day(self.ending_date) == days.NEVER else days.read(self.ending_date)


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
    locked: bool = False
    """Locked by the NSSO: no declaration may change it."""
    delay: str = ""
    """How late it was declared, as an ISO 8601 duration. Empty: in time."""

    @property
    def is_open(self) -> bool:
        return self.days.end == date.max

    @property
    def last_day(self) -> date:
        """The last day in the period; `date.max` while it runs."""
        return self.days.end if self.is_open else self.days.end - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Registration:
    """The hours of one stretch of work within a Dimona period."""

    id: str
    ssin: str
    period_id: str
    begin: date
    starting_hour: str
    last_day: date
    ending_hour: str
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Version:
    """A period as it was known for a while, by which declaration or act."""

    period: DimonaPeriod
    ticket: str
    recorded_from: datetime
    recorded_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class Relation:
    """An employer and a worker: all the periods of the one in service of the other."""

    ssin: str
    employer: str
    periods: tuple[DimonaPeriod, ...]

    @property
    def standing(self) -> tuple[DimonaPeriod, ...]:
        return tuple(period for period in self.periods if not period.cancelled)


@dataclass(frozen=True, slots=True)
class Person:
    """What the repertory says of the number declared: is she known, and by which number now."""

    ssin: str
    known: bool
    pensions: tuple[Period, ...] = ()
    """When the pensions service paid her."""


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
    """For the period or the registration that the form makes."""
    received: time = time.min
    """Hour of Brussels at which the form came in."""
    registers_days: bool = False
    """Whether the employer chose to register days."""
    registrations: tuple[Registration, ...] = ()
    """Every daily registration of the person."""

    def addressed(self, period_id: str) -> DimonaPeriod | None:
        """The employer's own period of that id; of another's nobody hears that it exists."""
        for period in self.periods:
            if period.id == period_id and period.employer == self.employer:
                return period
        return None

    def registered(self, registration_id: str) -> Registration | None:
        """A registration of that id, within a period of the employer's own."""
        for registration in self.registrations:
            if registration.id == registration_id and self.addressed(registration.period_id):
                return registration
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
    quota: str = ""
    """The quota exceeded, by the code list of zone 01018. Empty: it is about none."""
    hours_beyond: int = 0
    days_beyond: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a form: refused with anomalies, or a period before and after."""

    anomalies: tuple[Anomaly, ...] = ()
    change: Change | None = None
    before: DimonaPeriod | None = None
    after: DimonaPeriod | None = None
    registration_before: Registration | None = None
    registration: Registration | None = None
    waiting: bool = False
    """Nothing blocks but that it is not known yet who the person is."""

    @property
    def accepted(self) -> bool:
        return self.change is not None

    @property
    def period_id(self) -> str:
        """The period made, changed or registered in. Empty: none."""
        if self.after:
            return self.after.id
        return self.registration.period_id if self.registration else ""


def day(text: str) -> date | None:
    """Read `YYYY-MM-DD`; None for anything else."""
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None
