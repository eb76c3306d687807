"""A career as a line of events, made of what was declared: Dimona, DmfA and social risks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum

from mesh.periods import Period, merge
from services.declarations import quarters
from services.declarations.risks import scenarios
from services.declarations.risks.domain import Quarter, Risk

ONE_DAY = timedelta(days=1)


class Kind(Enum):
    """What happened."""

    ENTERS_OFFICE = "enters_office"
    WORKS = "works"
    FALLS_ILL = "falls_ill"
    HAS_ACCIDENT = "has_accident"
    RESUMES_WORK = "resumes_work"
    TEMPORARILY_UNEMPLOYED = "temporarily_unemployed"
    LEAVES = "leaves"
    BECOMES_UNEMPLOYED = "becomes_unemployed"
    RETIRES = "retires"


ORDER = {kind: place for place, kind in enumerate(Kind)}


@dataclass(frozen=True, slots=True)
class Employment:
    """A Dimona period that stands, as a career needs it."""

    id: str
    employer: str
    days: Period


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `days` has one day where it happens on a day, and is open while it lasts."""

    kind: Kind
    days: Period
    employer: str
    declared_by: str
    """`DIMONA`, `DMFA` or the code of the scenario."""
    reference: str = ""
    """Dimona period or number of the risk; empty: of no one declaration."""


def line(
    employments: Iterable[Employment],
    quarters: Iterable[tuple[str, Quarter]],
    risks: Iterable[Risk],
) -> tuple[Event, ...]:
    """All events, the earliest first; on one day in the order in which a career passes them.

    `quarters` are of any employers, each with its enterprise number.
    """
    declared = list(quarters)
    events = [
        *_of_employments(employments),
        *_of_quarters(declared),
        *_retirement(declared),
        *_of_risks(risks),
    ]
    return tuple(
        sorted(
            events,
            key=lambda e: (e.days.begin, ORDER[e.kind], e.employer, e.reference, e.days.end),
        )
    )


def _of_employments(employments: Iterable[Employment]) -> Iterator[Event]:
    for one in employments:
        entered = Period(one.days.begin, one.days.begin + ONE_DAY)
        yield Event(Kind.ENTERS_OFFICE, entered, one.employer, "DIMONA", one.id)
        if one.days.end != date.max:
            last = Period(one.days.end - ONE_DAY, one.days.end)
            yield Event(Kind.LEAVES, last, one.employer, "DIMONA", one.id)


def _of_quarters(declared: Iterable[tuple[str, Quarter]]) -> Iterator[Event]:
    """Quarters without a gap are one stretch of work."""
    worked: dict[str, list[Period]] = {}
    for employer, quarter in declared:
        about = quarters.parse(quarter.quarter)
        if about and any(line.amount for line in quarter.lines):
            worked.setdefault(employer, []).append(about.period)
    for employer, periods in worked.items():
        for days in merge(periods):
            yield Event(Kind.WORKS, days, employer, "DMFA")


def _retirement(declared: Iterable[tuple[str, Quarter]]) -> Iterator[Event]:
    """Told by the first quarter in which an employer declares the worker as pensioned."""
    retired = sorted(
        (about, employer)
        for employer, quarter in declared
        if quarter.retired and (about := quarters.parse(quarter.quarter))
    )
    if retired:
        first, employer = retired[0]
        begin = first.begin
        yield Event(Kind.RETIRES, Period(begin, begin + ONE_DAY), employer, "DMFA")


def _of_risks(risks: Iterable[Risk]) -> Iterator[Event]:
    for risk in risks:
        event = scenarios.known()[risk.scenario].event
        if risk.standing and event:
            yield Event(Kind(event), risk.days, risk.employer, risk.scenario, risk.number)
