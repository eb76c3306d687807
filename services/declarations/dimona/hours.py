"""Hours of casual, flexi and registered work, and the hours planned."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from services.declarations.dimona import worker_types
from services.declarations.dimona.domain import Anomaly, DimonaPeriod, Form, Kind

LAST_DAY_PLANNED = date(2016, 12, 31)
"""Until then students planned days instead of hours."""


def are_asked(form: Form) -> bool:
    """Whether an IN of this worker type is declared from hour to hour."""
    asked = worker_types.of(form.worker_type)
    one_day = form.begin is not None and form.begin == form.last_day
    return asked.by_the_hour or (asked.hours_of_one_day and one_day)


def of_work(form: Form) -> Iterator[Anomaly]:
    """Hours that the IN must give (zones 00777 and 00778)."""
    asked = worker_types.of(form.worker_type)
    by_the_hour = are_asked(form)
    if by_the_hour and not form.starting_hour:
        yield Anomaly("00777-001", "StartingHour")
    by_the_day = asked.by_the_hour and form.joint_commission == worker_types.HOSPITALITY
    if by_the_hour and not by_the_day and not form.ending_hour:
        yield Anomaly("00778-001", "EndingHour")
    yield from of_time(
        Kind.IN, form.worker_type, form.begin, form.starting_hour, form.last_day, form.ending_hour
    )


def of_plan(form: Form, worker_type: str, begin: date | None) -> Iterator[Anomaly]:
    """Hours and days planned (zones 01135 and 01017)."""
    plans = worker_types.of(worker_type).plans_hours
    if form.kind is Kind.IN and plans and not form.planned_hours:
        yield Anomaly("01135-001", "PlannedHoursNbr")
    if form.planned_hours and not plans:
        yield Anomaly("01135-005", "PlannedHoursNbr", form.planned_hours)
    if form.planned_days and (begin is None or begin > LAST_DAY_PLANNED or not plans):
        yield Anomaly("01017-005", "PlannedDaysNbr", form.planned_days)


def of_time(
    kind: Kind, worker_type: str, begin: date | None, starting: str, last: date | None, ending: str
) -> Iterator[Anomaly]:
    """The end comes after the begin, and casual work lasts at most 24 hours."""
    if begin is None or last is None or last < begin:
        return
    start, end = moment(begin, starting), moment(last, ending)
    if start is None or end is None:
        return
    if end < start:
        yield Anomaly("00778-345", "EndingHour", ending)
    elif worker_types.of(worker_type).by_the_hour and end - start > timedelta(hours=24):
        block = "90373" if kind is Kind.IN else "90378"
        yield Anomaly(f"{block}-341", kind.value, ending)


def overlap(one: DimonaPeriod, other: DimonaPeriod) -> bool:
    """Whether two periods have an hour in common; without hours a period takes its whole days."""
    if not one.days.overlaps(other.days):
        return False
    of_one, of_other = _moments(one), _moments(other)
    if of_one is None or of_other is None:
        return True
    return of_one[0] < of_other[1] and of_other[0] < of_one[1]


def moment(of: date, hour: str) -> datetime | None:
    """A day with an hour `hhmm`; None where the hour is absent or none of the clock."""
    try:
        return datetime.combine(of, datetime.strptime(hour, "%H%M").time())  # noqa: DTZ007
    except ValueError:
        return None


def _moments(period: DimonaPeriod) -> tuple[datetime, datetime] | None:
    """From when to when; None where the period is not declared from hour to hour."""
    asked = worker_types.of(period.worker_type)
    if period.is_open or not (asked.by_the_hour or asked.hours_of_one_day):
        return None
    start = moment(period.days.begin, period.starting_hour)
    end = moment(period.last_day, period.ending_hour)
    return (start, end) if start and end else None
