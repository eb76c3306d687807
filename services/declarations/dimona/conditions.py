"""What days and features must satisfy, whichever Dimona gives them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

from mesh.days import NEVER
from services.declarations import quarters
from services.declarations.dimona import hours, worker_types
from services.declarations.dimona.domain import Anomaly, DimonaPeriod, Form, Kind, day

EARLIEST_BEGIN = date(1920, 1, 1)
EARLIEST_END = date(1999, 1, 1)
ONE_DAY = timedelta(days=1)
MOST_CASUAL_DAYS = 2
"""So many consecutive days one employer may have a casual worker in hospitality."""


def latest(today: date) -> date:
    """The first day that is too late for any Dimona."""
    return date(today.year + 10, 1, 1)


def of_domain(form: Form, today: date) -> Iterator[Anomaly]:
    """Days that no Dimona may name (zones 00910 and 00911)."""
    begin, last = day(form.starting_date), day(form.ending_date)
    if begin and not EARLIEST_BEGIN <= begin < latest(today):
        yield Anomaly("00910-008", "StartingDate", form.starting_date)
    if last == NEVER:
        if form.kind is not Kind.UPDATE:
            yield Anomaly("00911-008", "EndingDate", form.ending_date)
    elif last and not EARLIEST_END <= last < latest(today):
        yield Anomaly("00911-008", "EndingDate", form.ending_date)


def of_order(begin: date | None, last: date | None) -> Iterator[Anomaly]:
    if begin and last and last < begin:
        yield Anomaly("00911-014", "EndingDate", last.isoformat())


def of_length(
    block: str, kind: Kind, worker_type: str, begin: date, last: date
) -> Iterator[Anomaly]:
    """Kinds whose period stays within a quarter or a day."""
    asked = worker_types.of(worker_type)
    if asked.within_quarter and quarters.of(begin) != quarters.of(last):
        yield Anomaly(f"{block}-421", kind.value, last.isoformat())
    if asked.one_day and begin != last:
        yield Anomaly("00911-008", "EndingDate", last.isoformat())


def of_overlap(
    block: str, kind: Kind, candidate: DimonaPeriod, periods: Iterable[DimonaPeriod]
) -> Iterator[Anomaly]:
    """One employer has one period at a time of one worker in one worker type; of those declared
    by the hour several on a day, one after the other.
    """
    for period in _beside(candidate, periods):
        if period.days == candidate.days and _hours(period) == _hours(candidate):
            yield Anomaly(f"{block}-333", kind.value, period.id)
        elif hours.overlap(period, candidate):
            yield Anomaly(f"{block}-334", kind.value, period.id)


def of_casual_days(candidate: DimonaPeriod, periods: Iterable[DimonaPeriod]) -> Iterator[Anomaly]:
    """Casual work in hospitality: no more than two days in a row with one employer."""
    if (candidate.worker_type, candidate.joint_commission) != (
        worker_types.CASUAL,
        worker_types.HOSPITALITY,
    ):
        return
    beside = list(_beside(candidate, periods))
    begin, end = candidate.days.begin, candidate.days.end
    for _ in range(MOST_CASUAL_DAYS):
        begin = min((p.days.begin for p in beside if begin - ONE_DAY in p.days), default=begin)
        end = max((p.days.end for p in beside if end in p.days), default=end)
    if end - begin > timedelta(days=MOST_CASUAL_DAYS):
        yield Anomaly("00910-459", "StartingDate", candidate.days.begin.isoformat())


def of_features(form: Form, begin: date | None, today: date) -> Iterator[Anomaly]:
    """Worker type and joint commission, with one another and with the day (blocks 90374, 90373)."""
    kind, commission = form.worker_type, form.joint_commission
    asked = worker_types.of(kind)
    if not commission:
        yield Anomaly("00046-001", "JointCommissionNbr")
    elif asked.joint_commissions and commission not in asked.joint_commissions:
        yield Anomaly("90374-349", "DimonaFeatures", f"{kind} {commission}")
    if not begin:
        return
    if begin > asked.last_begin:
        yield Anomaly("00655-003", "WorkerType", kind)
    ahead, before = asked.most_days_ahead, asked.most_days_before_quarter
    if (
        begin < asked.first_begin
        or (ahead is not None and (begin - today).days > ahead)
        or (before is not None and (quarters.of(begin).begin - today).days > before)
    ):
        yield Anomaly("00910-008", "StartingDate", form.starting_date)


def delay(block: str, kind: Kind, begin: date, hour: str, now: datetime) -> Anomaly | None:
    """A late declaration, with how late it is as an ISO 8601 duration; None in time.

    Due before work begins: on the day itself still, or at the hour where one is given.
    """
    if begin < now.date():
        late = f"P{(now.date() - begin).days}D"
    else:
        starts = hours.moment(begin, hour)
        minutes = int((now - starts).total_seconds() // 60) if starts else 0
        if minutes <= 0:
            return None
        late = f"PT{minutes // 60}H{minutes % 60}M"
    return Anomaly(f"{block}-460", kind.value, late, "NP")


def _beside(candidate: DimonaPeriod, periods: Iterable[DimonaPeriod]) -> Iterator[DimonaPeriod]:
    """The other periods that stand of the same worker, employer and worker type."""
    whose = (candidate.ssin, candidate.employer, candidate.worker_type)
    for period in periods:
        if period.cancelled or period.id == candidate.id:
            continue
        if (period.ssin, period.employer, period.worker_type) == whose:
            yield period


def _hours(period: DimonaPeriod) -> tuple[str, str]:
    return period.starting_hour, period.ending_hour
