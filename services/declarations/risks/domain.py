"""What a social risk is: its scenario, its state, the quarters it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum

from mesh import clock
from mesh.institutions import Institution
from mesh.periods import Period
from services.declarations.domain import Channel
from services.declarations.domain import State as Handled

BLOCKING, WARNING = "B", "W"


class Branch(Enum):
    """The branch of social security that a risk belongs to."""

    UNEMPLOYMENT = "unemployment"
    INCAPACITY = "incapacity"
    WORK_ACCIDENT = "work_accident"


class Action(Enum):
    """What a declaration does to a risk; the value is its status of attestation in a form."""

    INTRODUCE = "0"
    MODIFY = "1"
    CANCEL = "3"
    FINALISE = "6"
    MODIFY_PAPER = "7"


class State(Enum):
    """How far a risk is."""

    INTRODUCED = "introduced"
    MODIFIED = "modified"
    FINALISED = "finalised"
    CANCELLED = "cancelled"


class Source(Enum):
    """Where the wages and the working time of a quarter come from."""

    DECLARED = "declared"
    ANTICIPATED = "anticipated"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Scenario:
    """What one form declares, as `scenarios.yaml` says."""

    code: str
    branch: Branch
    begins: tuple[str, ...]
    """Zones that give the first day; the first that is present counts."""
    latest: bool = False
    """Whether the latest of several such days counts, instead of the earliest."""
    ends: str = ""
    """Zone that gives the last day; empty: the risk runs on, or is of one day."""
    one_day: bool = False
    quarters_before: int = -1
    """Quarters before that of the risk whose wages matter; -1: no wages matter."""
    asks_ahead: bool = False
    """Whether the form has elements for a quarter that is not yet declared."""
    may_come: bool = False
    """Whether the first day may still lie ahead."""
    event: str = ""
    """What it is in a career; empty: nothing."""


@dataclass(frozen=True, slots=True)
class Line:
    """One amount of a quarter: what of which worker code it is, in hundredths or in cents."""

    zone: str
    worker_code: str
    code: str
    amount: int


@dataclass(frozen=True, slots=True)
class Quarter:
    """What one quarter holds of a worker with an employer: days, hours and remunerations."""

    quarter: str
    lines: tuple[Line, ...] = ()
    retired: bool = False
    """Whether some occupation of it says that the worker draws a pension."""

    def total(self, zone: str) -> int:
        """Days or hours in hundredths, remunerations in cents."""
        return sum(line.amount for line in self.lines if line.zone == zone)


@dataclass(frozen=True, slots=True)
class Filled:
    """A quarter of the reference period, and where what it holds comes from."""

    quarter: str
    source: Source
    content: Quarter | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """A total that was anticipated otherwise than it was declared."""

    quarter: str
    zone: str
    worker_code: str
    code: str
    anticipated: int
    declared: int


@dataclass(frozen=True, slots=True)
class Anomaly:
    """What is wrong with a form: `<zone>-<kind>`, the element, its value, its place, how grave."""

    error_id: str
    tag: str
    value: str = ""
    gravity: str = BLOCKING
    location: str = ""
    line: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """A risk form in what the rules ask of it; empty where the element is absent."""

    scenario: Scenario | None
    identification: str
    status: str
    risk_kind: str
    ssin: str
    company_id: str
    nsso_number: str
    refers_to: str
    """Number of the risk that it changes."""
    begin: date | None
    last_day: date | None
    anticipated: tuple[Quarter, ...] = ()
    places: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)
    """By zone: element, value and place of its first occurrence."""

    @property
    def action(self) -> Action | None:
        try:
            return Action(self.status)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Risk:
    """A version of a social risk; its `days` are half-open and open-ended while it runs."""

    number: str
    ssin: str
    employer: str
    nsso_number: str
    scenario: str
    branch: Branch
    kind: str
    state: State
    days: Period
    quarters: tuple[Filled, ...]
    recipients: tuple[Institution, ...] = ()
    differences: tuple[Difference, ...] = ()
    version: int = 1
    on_paper: bool = False

    @property
    def standing(self) -> bool:
        return self.state is not State.CANCELLED

    def rests_on(self) -> tuple[str, ...]:
        """Quarters whose declaration or correction concerns it; of one that never was none."""
        return tuple(filled.quarter for filled in self.quarters) if self.standing else ()

    def awaited(self) -> tuple[str, ...]:
        """Quarters that were not declared when last looked at."""
        return tuple(f.quarter for f in self.quarters if f.source is not Source.DECLARED)


@dataclass(frozen=True, slots=True)
class Subject:
    """What the repertory says of a person: the number in force, and who knows her when."""

    ssin: str
    known: bool
    inscriptions: tuple[tuple[Institution, int, Period], ...] = ()


@dataclass(frozen=True, slots=True)
class Submission:
    """A declaration of a risk as stored; `form` and `anomalies` as they were sent."""

    declarer: str
    """Path of who declares: an employer, or the institution whose officer keyed it in."""
    ticket: str
    request_id: str
    digest: bytes
    channel: Channel
    received_at: datetime
    form: bytes = b""
    anomalies: tuple[bytes, ...] = ()
    action: str = ""
    """What it does to the risk it names; empty: as the form says."""
    number: str = ""
    """The risk that it names; once handled, the one that it made or changed."""
    image_digest: bytes = b""
    received_on: date | None = None
    """The day on which the paper came in."""
    caller: str = ""
    declarant: str = ""
    """Path of who sent it: the declarer, or the mandatary of that employer."""
    chain: tuple[str, ...] = ()
    traceparent: str = ""
    handled: Handled = Handled.RECEIVED
    notification: bytes = b""

    @property
    def whose(self) -> str:
        return self.declarer

    @property
    def declared_on(self) -> date:
        """The day by which it is judged: that of the paper where it came on paper."""
        return self.received_on or self.received_at.astimezone(clock.BRUSSELS).date()


def anticipated(quarters: Iterable[Filled]) -> dict[str, Quarter]:
    return {
        filled.quarter: filled.content
        for filled in quarters
        if filled.source is Source.ANTICIPATED and filled.content is not None
    }
