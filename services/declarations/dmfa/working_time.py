"""Days and hours of an occupation against its quarter and its working system."""

from __future__ import annotations

from collections.abc import Iterator

from mesh.periods import Period
from services.declarations.dmfa.domain import COUNTED, DAY, Finding, Occupation, Path, WorkerRecord

HOURS_OF_A_DAY = 24
FULL_WEEK = 700
"""Hundredths of days."""
BESIDE_THE_WEEK = frozenset({"080"})
"""Services whose days are not part of the working system: overtime is beside it."""


def findings(record: WorkerRecord, occupation: Occupation, path: Path) -> Iterator[Finding]:
    """What is wrong with the working time; the days of the quarter are half-open."""
    yield from _of_fraction(occupation, path)
    yield from _of_hours(occupation, path)
    days = declared_days(occupation)
    within = days_of(record, occupation)
    if within is None or not days or is_severance(occupation):
        return
    if days > 100 * _length(within):
        yield Finding("90015-095", "Occupation", path, str(days), COUNTED)
    elif occupation.days_a_week and days > most_days(within, occupation.days_a_week):
        yield Finding("90015-096", "Occupation", path, str(days), COUNTED)
    elif not occupation.is_part_time and days < least_days(within, occupation.days_a_week):
        yield Finding("90015-243", "Occupation", path, str(days), COUNTED)


def declared_days(occupation: Occupation) -> int:
    """Hundredths of days of all services that fill the working system."""
    return sum(one.days for one in occupation.services if one.code not in BESIDE_THE_WEEK)


def most_days(period: Period, days_a_week: int) -> int:
    """The most hundredths of days that can be worked, wherever the free days of a week fall."""
    weeks, rest = divmod(_length(period), 7)
    return weeks * days_a_week + min(100 * rest, days_a_week)


def least_days(period: Period, days_a_week: int) -> int:
    """The fewest, wherever the free days fall."""
    weeks, rest = divmod(_length(period), 7)
    return weeks * days_a_week + max(0, 100 * rest - (FULL_WEEK - days_a_week))


def days_of(record: WorkerRecord, occupation: Occupation) -> Period | None:
    """The days of an occupation within the record's quarter; None where there are none."""
    if record.begin is None or record.last_day is None:
        return None
    begin = max(record.begin, occupation.begin or record.begin)
    end = min(record.last_day, occupation.last_day or record.last_day) + DAY
    return Period(begin, end) if begin < end else None


def is_severance(occupation: Occupation) -> bool:
    """Whether it stands for days that severance pay covers, which may lie in other quarters."""
    return any(one.code == "003" for one in occupation.remunerations)


def _of_fraction(occupation: Occupation, path: Path) -> Iterator[Finding]:
    """Q over S: below one for part-timers, one for full-timers without a measure."""
    worked, full = occupation.hours_a_week, occupation.full_hours_a_week
    if worked is None:
        yield Finding("00048-001", "MeanWorkingHours", path)
    if full is None:
        yield Finding("00049-001", "RefMeanWorkingHours", path)
    if not worked or not full or occupation.has_measure:
        return
    if worked >= full if occupation.is_part_time else worked != full:
        yield Finding("90015-244", "Occupation", path, f"{worked}/{full}", COUNTED)


def _of_hours(occupation: Occupation, path: Path) -> Iterator[Finding]:
    for number, service in enumerate(occupation.services):
        here = (*path, ("services", number))
        if occupation.is_part_time and service.hours is None:
            yield Finding("00064-001", "ServiceNbrHours", here)
        elif service.hours and service.days and service.hours > HOURS_OF_A_DAY * service.days:
            yield Finding(
                "90012-260",
                "ServiceNbrHours",
                (*here, ("service_nbr_hours", -1)),
                str(service.hours),
                COUNTED,
            )


def _length(period: Period) -> int:
    return (period.end - period.begin).days
