"""What becomes of a Dimona: every anomaly at once, or the period it makes, changes or ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from mesh import identification
from mesh.days import NEVER
from mesh.periods import Period
from services.declarations.dimona import (
    conditions,
    entitlements,
    hours,
    persons,
    registrations,
    worker_types,
)
from services.declarations.dimona.domain import (
    BLOCKING,
    Anomaly,
    Change,
    DimonaPeriod,
    Facts,
    Form,
    Kind,
    Outcome,
)


def judge(form: Form, facts: Facts, found: Sequence[Anomaly] = ()) -> Outcome:
    """Judge a form. `found` are the anomalies of its elements; one that blocks refuses the form,
    but what the rules find is reported beside it.
    """
    outcome = _RULES[form.kind](form, facts)
    known = {(anomaly.error_id, anomaly.tag) for anomaly in found}
    new = [a for a in outcome.anomalies if (a.error_id, a.tag) not in known]
    anomalies = tuple(dict.fromkeys((*found, *new)))
    if any(anomaly.gravity == BLOCKING for anomaly in anomalies):
        return Outcome(anomalies)
    return replace(outcome, anomalies=anomalies)


def enter(form: Form, facts: Facts) -> Outcome:
    """An IN makes a period, or waits until somebody has identified the worker."""
    anomalies = [
        *_employer(form),
        *persons.amiss(form, facts),
        *conditions.of_domain(form, facts.today),
        *conditions.of_order(form.begin, form.last_day),
        *conditions.of_features(form, form.begin, facts.today),
        *hours.of_work(form),
        *hours.of_plan(form, form.worker_type, form.begin),
    ]
    if not form.ending_date and worker_types.ends_at_once(form.worker_type, form.joint_commission):
        anomalies.append(Anomaly("00911-001", "EndingDate"))
    if form.begin and form.last_day:
        anomalies += conditions.of_length(
            "90373", form.kind, form.worker_type, form.begin, form.last_day
        )
    due = form.starting_hour if hours.are_asked(form) else ""
    late = _delay("90373", form, form.begin, due, facts)
    anomalies += late
    days = _days(form.begin, form.last_day)
    if days is None or facts.person is None:
        return Outcome(tuple(anomalies), waiting=persons.is_to_be_identified(form))
    after = DimonaPeriod(
        id=facts.new_id,
        ssin=facts.person.ssin,
        employer=facts.employer,
        nsso_number=facts.nsso_number,
        worker_type=form.worker_type,
        joint_commission=form.joint_commission,
        days=days,
        starting_hour=form.starting_hour,
        ending_hour=form.ending_hour,
        planned_hours=form.planned_hours,
        delay=late[0].value if late else "",
    )
    anomalies += conditions.of_overlap("90373", form.kind, after, facts.periods)
    anomalies += conditions.of_casual_days(after, facts.periods)
    anomalies += entitlements.exceeded(after, facts)
    return Outcome(tuple(anomalies), Change.CREATED, None, after)


def leave(form: Form, facts: Facts) -> Outcome:
    """An OUT ends a period that is open."""
    anomalies = [*_addressed(form, facts), *conditions.of_domain(form, facts.today)]
    before = _standing(form, facts)
    if before is None:
        return Outcome(tuple(anomalies))
    if not before.is_open:
        anomalies.append(Anomaly("00913-356", "DimonaPeriodId", before.id))
    anomalies += conditions.of_order(before.days.begin, form.last_day)
    days = _days(before.days.begin, form.last_day)
    if days is None or form.last_day is None:
        return Outcome(tuple(anomalies))
    after = replace(before, days=days)
    anomalies += registrations.outside(after, facts.registrations)
    return Outcome(tuple(anomalies), Change.ENDED, before, after)


def alter(form: Form, facts: Facts) -> Outcome:
    """An UPDATE moves the begin or end of a period or opens it again; it never closes one."""
    anomalies = [*_addressed(form, facts), *conditions.of_domain(form, facts.today)]
    if not any(
        (
            form.starting_date,
            form.starting_hour,
            form.ending_date,
            form.ending_hour,
            form.planned_hours,
        )
    ):
        anomalies.append(Anomaly("90378-360", "DimonaUpdate"))
    before = _standing(form, facts)
    if before is None:
        return Outcome(tuple(anomalies))
    begin = form.begin or before.days.begin
    last = form.last_day or before.last_day
    anomalies += _alterations(form, before, begin, last)
    anomalies += hours.of_plan(form, before.worker_type, begin)
    late = []
    if form.begin and form.begin < before.days.begin:
        late = _delay("90378", form, form.begin, "", facts)
    anomalies += late
    days = _days(begin, last)
    if days is None:
        return Outcome(tuple(anomalies))
    after = replace(
        before,
        days=days,
        starting_hour=form.starting_hour or before.starting_hour,
        ending_hour=form.ending_hour or before.ending_hour,
        planned_hours=form.planned_hours or before.planned_hours,
        delay=late[0].value if late else before.delay,
    )
    if after == before:
        anomalies.append(Anomaly("90378-444", "DimonaUpdate"))
    anomalies += conditions.of_overlap("90378", form.kind, after, facts.periods)
    anomalies += conditions.of_casual_days(after, facts.periods)
    anomalies += registrations.outside(after, facts.registrations)
    anomalies += entitlements.exceeded(after, facts)
    return Outcome(tuple(anomalies), Change.CHANGED, before, after)


def cancel(form: Form, facts: Facts) -> Outcome:
    """A CANCEL takes a period back: it never was."""
    anomalies = tuple(_addressed(form, facts))
    before = _standing(form, facts)
    if before is None:
        return Outcome(anomalies)
    return Outcome(anomalies, Change.CANCELLED, before, replace(before, cancelled=True))


_RULES = {
    Kind.IN: enter,
    Kind.OUT: leave,
    Kind.UPDATE: alter,
    Kind.CANCEL: cancel,
    Kind.DAILY: registrations.judge,
}


def _employer(form: Form) -> Iterator[Anomaly]:
    if not form.company_id and not form.nsso_number:
        yield Anomaly("90256-364", "EmployerId")


def _delay(block: str, form: Form, begin: date | None, hour: str, facts: Facts) -> list[Anomaly]:
    now = datetime.combine(facts.today, facts.received)
    late = conditions.delay(block, form.kind, begin, hour, now) if begin else None
    return [late] if late else []


def _addressed(form: Form, facts: Facts) -> Iterator[Anomaly]:
    """The period that a later Dimona names must be one of the employer's, and stand.

    An absent id and wrong check digits are anomalies of the element; zeros pass it.
    """
    number = form.dimona_period_id
    if not number or (number.strip("0") and not identification.dimona_period_is_valid(number)):
        return
    period = facts.addressed(form.dimona_period_id)
    if period is None:
        yield Anomaly("00913-354", "DimonaPeriodId", form.dimona_period_id)
    elif period.cancelled:
        yield Anomaly("00913-355", "DimonaPeriodId", form.dimona_period_id)
    elif period.locked:
        yield Anomaly("00913-362", "DimonaPeriodId", form.dimona_period_id)
    elif form.inss and not _is_of(period, form.inss, facts):
        yield Anomaly("00024-347", "INSS", form.inss)


def _is_of(period: DimonaPeriod, inss: str, facts: Facts) -> bool:
    """Whether the number declared is the worker's, or was; wrong check digits are told already."""
    now = facts.person.ssin if facts.person else inss
    return period.ssin in {inss, now} or not identification.ssin_is_valid(inss)


def _standing(form: Form, facts: Facts) -> DimonaPeriod | None:
    period = facts.addressed(form.dimona_period_id)
    return None if period is None or period.cancelled else period


def _alterations(
    form: Form, before: DimonaPeriod, begin: date, last: date | None
) -> Iterator[Anomaly]:
    if form.begin and worker_types.of(before.worker_type).keeps_begin:
        yield Anomaly("00910-005", "StartingDate", form.starting_date)
    elif form.begin and form.begin > before.days.begin:
        yield Anomaly("00910-344", "StartingDate", form.starting_date)
    if before.is_open and form.last_day and form.last_day != NEVER:
        yield Anomaly("00913-359", "DimonaPeriodId", before.id)
    if form.last_day == NEVER and worker_types.ends_at_once(
        before.worker_type, before.joint_commission
    ):
        yield Anomaly("00913-368", "DimonaPeriodId", before.id)
    if last and last != NEVER:
        yield from conditions.of_order(begin, last)
        yield from conditions.of_length("90378", form.kind, before.worker_type, begin, last)
        yield from hours.of_time(
            form.kind,
            before.worker_type,
            begin,
            form.starting_hour or before.starting_hour,
            last,
            form.ending_hour or before.ending_hour,
        )


def _days(begin: date | None, last: date | None) -> Period | None:
    """The half-open period; None where there is no begin or the last day comes before it."""
    if begin is None:
        return None
    end = date.max if last in (None, NEVER) else last + timedelta(days=1)
    return Period(begin, end) if begin < end else None
