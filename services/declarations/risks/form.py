"""Reading a risk form by the zones of its elements, whichever message carries them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from crossroads.forms.v1 import notification_pb2
from google.protobuf.message import Message

from mesh import days, elements
from services.declarations import quarters
from services.declarations.risks import scenarios
from services.declarations.risks.domain import Anomaly, Form, Line, Quarter, Scenario

IDENTIFICATION, STATUS, RISK_KIND, SSIN = "00296", "00110", "00430", "00024"
CREATED = "00218"
COMPANY_ID, NSSO_NUMBER, LOCAL_NUMBER = "00014", "00011", "00109"
REFERENCE, REFERENCE_NUMBER, ORIGIN = "90082", "00222", "00298"
BY_SOCIAL_SECURITY = "2"
EMPLOYERS = frozenset({"90007", "90187", "90067", "90168"})
DECLARATIONS = frozenset({"90007", "90187"})
"""The blocks that stand for a quarter of an employer, in the elements of the DmfA."""
NATURAL_PERSON, WORKER_RECORD = "90017", "90012"
OCCUPATIONS, SERVICE, REMUNERATION = frozenset({"90015", "90196"}), "90018", "90019"
QUARTER, WORKER_CODE, RETIRED = "00013", "00037", "00054"
SERVICE_CODE, DAYS, HOURS = "00062", "00063", "00064"
REMUNERATION_CODE, AMOUNT = "00067", "00070"
MOST_DIGITS = 18
"""Of an amount; what is longer its contract refuses."""


@dataclass(frozen=True, slots=True)
class Found:
    """An element as it stands: its zone and name, its value, the blocks around it, its place."""

    zone: str
    name: str
    value: Message | str
    within: tuple[str, ...]
    place: str

    @property
    def text(self) -> str:
        return self.value if isinstance(self.value, str) else ""


def walk(message: Message, place: str = "1,1", within: tuple[str, ...] = ()) -> Iterator[Found]:
    """Every element, in the order of the document, a block before what it holds."""
    position = 0
    for part in elements.block(message.DESCRIPTOR).parts:
        for value in elements.values(message, part):
            position += 1
            here = f"{place},{position}"
            zone = part.element.zone
            yield Found(zone, part.name, value, within, here)
            if isinstance(value, Message):
                yield from walk(value, here, (*within, zone))


def read(message: Message) -> Form:
    """The form; the elements of the form itself count before those of blocks within it."""
    found = list(walk(message))
    first: dict[str, Found] = {}
    for one in sorted(found, key=lambda one: len(one.within)):
        first.setdefault(one.zone, one)
    text = {zone: one.text for zone, one in first.items()}
    identification = text.get(IDENTIFICATION, "")
    scenario = scenarios.known().get(identification)
    employer = _employer(found)
    return Form(
        scenario=scenario,
        identification=identification,
        status=text.get(STATUS, ""),
        risk_kind=text.get(RISK_KIND, ""),
        ssin=_person(found),
        company_id=employer.get(COMPANY_ID, ""),
        nsso_number=employer.get(NSSO_NUMBER, "") or employer.get(LOCAL_NUMBER, ""),
        refers_to=_refers_to(found),
        begin=_begin(scenario, found),
        last_day=_last_day(scenario, found),
        anticipated=tuple(_quarters(message)),
        places={z: (o.name, o.text, o.place) for z, o in first.items()},
    )


def anomalies(
    message: Message, reports: Iterable[notification_pb2.AnomalyReport]
) -> tuple[Anomaly, ...]:
    """What the channel found while reading, and what the elements themselves show, each once."""
    shown = [elements.report(a) for a in elements.anomalies(message, quarter=_made_in(message))]
    once = {(r.error_id, r.tag_name, r.value): r for r in [*shown, *reports]}
    return tuple(
        Anomaly(
            error_id=report.error_id,
            tag=report.tag_name,
            value=report.value,
            gravity=report.anomaly_class,
            location=report.anomaly_location.location,
            line=report.anomaly_location.line_nbr,
        )
        for report in once.values()
    )


def quarter(message: Message, name: str) -> Quarter:
    """What a block in the elements of the DmfA holds of one worker in the quarter of that name."""
    inside = list(walk(message))
    retired = any(one.zone == RETIRED and one.text == "1" for one in inside)
    return Quarter(name, tuple(_lines(inside)), retired)


def day(text: str, of_year: str = "01-01") -> date | None:
    """A day that a form may name, or that day of a year; None for anything else."""
    return days.read(f"{text}-{of_year}" if len(text) == 4 else text)


def _made_in(message: Message) -> int:
    """The quarter in which the form was made, so in which its elements must be valid; 0: any."""
    made = next((day(one.text) for one in walk(message) if one.zone == CREATED), None)
    return int(quarters.of(made)) if made else 0


def _begin(scenario: Scenario | None, found: Iterable[Found]) -> date | None:
    """Of several days of one zone the earliest, or the latest, as the scenario says."""
    if scenario is None:
        return None
    for zone in scenario.begins:
        named = [on for one in found if one.zone == zone and (on := day(one.text))]
        if named:
            return max(named) if scenario.latest else min(named)
    return None


def _last_day(scenario: Scenario | None, found: Iterable[Found]) -> date | None:
    ends = scenario.ends if scenario else ""
    named = [on for one in found if ends and one.zone == ends and (on := day(one.text, "12-31"))]
    return max(named, default=None)


def _person(found: Iterable[Found]) -> str:
    return next((o.text for o in found if o.zone == SSIN and NATURAL_PERSON in o.within), "")


def _employer(found: Iterable[Found]) -> dict[str, str]:
    """The numbers directly in the first block that stands for an employer."""
    numbers: dict[str, str] = {}
    for one in found:
        if one.within and one.within[-1] in EMPLOYERS and one.text.strip("0"):
            numbers.setdefault(one.zone, one.text)
    return numbers


def _refers_to(found: Iterable[Found]) -> str:
    """The number that social security gave to what the form changes."""
    for one in found:
        if one.zone == REFERENCE and isinstance(one.value, Message):
            text = {inner.zone: inner.text for inner in walk(one.value)}
            if text.get(ORIGIN) == BY_SOCIAL_SECURITY:
                return text.get(REFERENCE_NUMBER, "")
    return ""


def _quarters(message: Message) -> Iterator[Quarter]:
    """What the form anticipates of each quarter that it holds."""
    for one in walk(message):
        if one.zone in DECLARATIONS and isinstance(one.value, Message):
            inside = walk(one.value)
            yield quarter(one.value, next((o.text for o in inside if o.zone == QUARTER), ""))


def _lines(inside: Iterable[Found]) -> Iterator[Line]:
    worker_code = ""
    for one in inside:
        if one.zone == WORKER_CODE and one.within[-1:] == (WORKER_RECORD,):
            worker_code = one.text
        elif one.zone in {SERVICE, REMUNERATION} and isinstance(one.value, Message):
            text = {inner.zone: inner.text for inner in walk(one.value)}
            code = text.get(SERVICE_CODE, "") or text.get(REMUNERATION_CODE, "")
            for zone in (DAYS, HOURS, AMOUNT):
                amount = text.get(zone, "")
                if amount.isdecimal() and len(amount) <= MOST_DIGITS:
                    yield Line(zone, worker_code, code, int(amount))
