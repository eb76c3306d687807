"""What days, hours and features must satisfy, whichever Dimona gives them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

from services.declarations.dimona import worker_types
from services.declarations.dimona.domain import Anomaly, DimonaPeriod, Form, Kind

EARLIEST_BEGIN = date(1920, 1, 1)
EARLIEST_END = date(1999, 1, 1)
ARTICLE_17_BEGINS = date(2022, 1, 1)
NEVER = date.max
"""As an end, in an UPDATE only: the period is open again."""


def of_domain(form: Form, today: date) -> Iterator[Anomaly]:
    """Days that no Dimona may name (zones 00910 and 00911)."""
    too_late = date(today.year + 10, 1, 1)
    begin, last = form.begin, form.last_day
    if begin and not EARLIEST_BEGIN <= begin < too_late:
        yield Anomaly("00910-008", "StartingDate", form.starting_date)
    if last == NEVER:
        if form.kind is not Kind.UPDATE:
            yield Anomaly("00911-008", "EndingDate", form.ending_date)
    elif last and not EARLIEST_END <= last < too_late:
        yield Anomaly("00911-008", "EndingDate", form.ending_date)


def of_order(begin: date | None, last: date | None) -> Iterator[Anomaly]:
    if begin and last and last < begin:
        yield Anomaly("00911-014", "EndingDate", last.isoformat())


def of_length(
    block: str, kind: Kind, worker_type: str, begin: date, last: date
) -> Iterator[Anomaly]:
    """Kinds whose period stays within a quarter or a day."""
    if worker_type in worker_types.WITHIN_QUARTER and quarter(begin) != quarter(last):
        yield Anomaly(f"{block}-421", kind.value, last.isoformat())
    if worker_type in worker_types.ONE_DAY and begin != last:
        yield Anomaly("00911-008", "EndingDate", last.isoformat())


def of_overlap(
    block: str, kind: Kind, candidate: DimonaPeriod, periods: Iterable[DimonaPeriod]
) -> Iterator[Anomaly]:
    """One employer has one period at a time of one worker in one worker type."""
    for period in periods:
        if (
            period.cancelled
            or period.id == candidate.id
            or (period.employer, period.worker_type) != (candidate.employer, candidate.worker_type)
            or not period.days.overlaps(candidate.days)
        ):
            continue
        twin = period.days == candidate.days
        yield Anomaly(f"{block}-333" if twin else f"{block}-334", kind.value, period.id)


def of_features(form: Form, begin: date | None, today: date) -> Iterator[Anomaly]:
    """Worker type and joint commission, with one another and with the day (blocks 90374, 90373)."""
    kind, commission = form.worker_type, form.joint_commission
    if not commission:
        yield Anomaly("00046-001", "JointCommissionNbr")
    elif commission not in worker_types.JOINT_COMMISSIONS.get(kind, {commission}):
        yield Anomaly("90374-349", "DimonaFeatures", f"{kind} {commission}")
    if not begin:
        return
    if kind in worker_types.ABOLISHED and begin >= ARTICLE_17_BEGINS:
        yield Anomaly("00655-003", "WorkerType", kind)
    if kind in worker_types.ARTICLE_17 and (
        begin < ARTICLE_17_BEGINS or begin - today > timedelta(days=15)
    ):
        yield Anomaly("00910-008", "StartingDate", form.starting_date)
    if kind == worker_types.FLEXI_JOB and first_of_quarter(begin) - today > timedelta(days=31):
        yield Anomaly("00910-008", "StartingDate", form.starting_date)


def of_hours(form: Form) -> Iterator[Anomaly]:
    """Hours of casual and flexi work, and the hours planned (zones 00777, 00778, 01135)."""
    one_day_flexi = form.worker_type == worker_types.FLEXI_JOB and form.begin == form.last_day
    casual = form.worker_type == worker_types.BY_THE_HOUR
    if (casual or one_day_flexi) and not form.starting_hour:
        yield Anomaly("00777-001", "StartingHour")
    by_the_day = casual and form.joint_commission == worker_types.DAY_PACKAGE
    if (casual or one_day_flexi) and not by_the_day and not form.ending_hour:
        yield Anomaly("00778-001", "EndingHour")
    yield from of_time(
        form.worker_type, form.begin, form.starting_hour, form.last_day, form.ending_hour
    )
    plans = form.worker_type in worker_types.WITHIN_QUARTER
    if plans and not form.planned_hours:
        yield Anomaly("01135-001", "PlannedHoursNbr")
    if form.planned_hours and not plans:
        yield Anomaly("01135-005", "PlannedHoursNbr", form.planned_hours)


def of_time(
    worker_type: str, begin: date | None, starting: str, last: date | None, ending: str
) -> Iterator[Anomaly]:
    if begin is None or last is None or last < begin:
        return
    start, end = moment(begin, starting), moment(last, ending)
    if start is None or end is None:
        return
    if end < start:
        yield Anomaly("00778-345", "EndingHour", ending)
    elif worker_type == worker_types.BY_THE_HOUR and end - start > timedelta(hours=24):
        yield Anomaly("90373-341", Kind.IN.value, ending)


def quarter(of: date) -> tuple[int, int]:
    return of.year, (of.month - 1) // 3


def first_of_quarter(of: date) -> date:
    return date(of.year, (of.month - 1) // 3 * 3 + 1, 1)


def moment(of: date, hour: str) -> datetime | None:
    """A day with an hour `hhmm`; None where the hour is absent or none of the clock."""
    try:
        return datetime.combine(of, datetime.strptime(hour, "%H%M").time())  # noqa: DTZ007
    except ValueError:
        return None
