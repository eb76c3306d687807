"""What becomes of a daily registration: made, changed or taken back within a Dimona period."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from services.declarations.dimona import conditions, hours, worker_types
from services.declarations.dimona.domain import (
    Anomaly,
    Change,
    DimonaPeriod,
    Facts,
    Form,
    Kind,
    Outcome,
    Registration,
)

MADE, CHANGED, TAKEN_BACK = "0", "1", "3"
_MOMENTS = (
    ("00910", "StartingDate", "starting_date"),
    ("00777", "StartingHour", "starting_hour"),
    ("00911", "EndingDate", "ending_date"),
    ("00778", "EndingHour", "ending_hour"),
)


def judge(form: Form, facts: Facts) -> Outcome:
    """A registration before and after, or every anomaly at once."""
    if form.status not in {MADE, CHANGED, TAKEN_BACK}:
        return Outcome()
    anomalies = [*_elements(form), *conditions.of_domain(form, facts.today)]
    if form.status == MADE:
        return _made(form, facts, anomalies)
    before = facts.registered(form.registration_id)
    period = facts.addressed(before.period_id) if before else None
    if before is None or period is None:
        if form.registration_id:
            anomalies.append(Anomaly("01085-354", "DailyRegistrationId", form.registration_id))
        return Outcome(tuple(anomalies))
    if before.cancelled or period.cancelled:
        anomalies.append(Anomaly("01085-355", "DailyRegistrationId", before.id))
    if period.locked:
        anomalies.append(Anomaly("01085-181", "DailyRegistrationId", before.id))
    if form.status == TAKEN_BACK:
        return Outcome(
            tuple(anomalies),
            Change.REGISTERED,
            registration_before=before,
            registration=replace(before, cancelled=True),
        )
    after = replace(
        before,
        begin=form.begin or before.begin,
        starting_hour=form.starting_hour or before.starting_hour,
        last_day=form.last_day or before.last_day,
        ending_hour=form.ending_hour or before.ending_hour,
    )
    if after == before:
        anomalies.append(Anomaly("90480-444", form.kind.value))
    anomalies += _fits(after, period, facts)
    return Outcome(
        tuple(anomalies), Change.REGISTERED, registration_before=before, registration=after
    )


def outside(days: DimonaPeriod, registrations: Iterable[Registration]) -> Iterator[Anomaly]:
    """Registrations of a period that its new days would leave out."""
    for registration in registrations:
        if registration.period_id == days.id and not registration.cancelled:
            yield from _within(registration, days)


def _made(form: Form, facts: Facts, anomalies: list[Anomaly]) -> Outcome:
    period = facts.addressed(form.dimona_period_id)
    if period is None:
        if form.dimona_period_id:
            anomalies.append(Anomaly("00913-354", "DimonaPeriodId", form.dimona_period_id))
        return Outcome(tuple(anomalies))
    if period.cancelled:
        anomalies.append(Anomaly("00913-355", "DimonaPeriodId", period.id))
    if period.locked:
        anomalies.append(Anomaly("00913-362", "DimonaPeriodId", period.id))
    if not facts.registers_days:
        anomalies.append(Anomaly("00913-461", "DimonaPeriodId", period.id))
    elif not worker_types.of(period.worker_type).registers_days:
        anomalies.append(Anomaly("00913-462", "DimonaPeriodId", period.id))
    if form.begin is None or form.last_day is None:
        return Outcome(tuple(anomalies))
    after = Registration(
        id=facts.new_id,
        ssin=period.ssin,
        period_id=period.id,
        begin=form.begin,
        starting_hour=form.starting_hour,
        last_day=form.last_day,
        ending_hour=form.ending_hour,
    )
    anomalies += _fits(after, period, facts)
    return Outcome(tuple(anomalies), Change.REGISTERED, registration=after)


def _elements(form: Form) -> Iterator[Anomaly]:
    """Which elements a registration must and may not have, by its status."""
    made, taken_back = form.status == MADE, form.status == TAKEN_BACK
    yield from _element("00913", "DimonaPeriodId", form.dimona_period_id, made, not made)
    yield from _element("01085", "DailyRegistrationId", form.registration_id, not made, made)
    for zone, tag, field in _MOMENTS:
        yield from _element(zone, tag, getattr(form, field), made, taken_back)


def _element(zone: str, tag: str, value: str, needed: bool, forbidden: bool) -> Iterator[Anomaly]:
    if needed and not value:
        yield Anomaly(f"{zone}-001", tag)
    if forbidden and value:
        yield Anomaly(f"{zone}-005", tag, value)


def _fits(after: Registration, period: DimonaPeriod, facts: Facts) -> Iterator[Anomaly]:
    yield from conditions.of_order(after.begin, after.last_day)
    yield from _within(after, period)
    mine = _moments(after)
    if mine is None:
        return
    start, end = mine
    if after.begin <= after.last_day and end <= start:
        yield Anomaly("00778-345", "EndingHour", after.ending_hour)
    if end - start > timedelta(hours=24):
        yield Anomaly("90480-260", Kind.DAILY.value)
    for other in facts.registrations:
        if other.cancelled or other.id == after.id or other.period_id != period.id:
            continue
        others = _moments(other)
        if others and start < others[1] and others[0] < end:
            yield Anomaly("90480-334", Kind.DAILY.value, other.id)


def _within(registration: Registration, period: DimonaPeriod) -> Iterator[Anomaly]:
    if registration.begin not in period.days:
        yield Anomaly("00910-462", "StartingDate", registration.begin.isoformat())
    if registration.last_day not in period.days:
        yield Anomaly("00911-462", "EndingDate", registration.last_day.isoformat())


def _moments(registration: Registration) -> tuple[datetime, datetime] | None:
    start = hours.moment(registration.begin, registration.starting_hour)
    end = hours.moment(registration.last_day, registration.ending_hour)
    return (start, end) if start and end else None
