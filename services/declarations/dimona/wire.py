"""Periods, relations and what waits, as the contract tells them."""

from __future__ import annotations

from collections.abc import Iterable

from crossroads.declarations.v1 import periods_pb2
from crossroads.forms.v1 import dimona_pb2

from mesh import clock, periods
from mesh.periods import Period
from services.declarations.dimona.domain import DimonaPeriod, Registration, Relation, Version
from services.declarations.domain import Declaration

_OPEN = periods_pb2.DIMONA_PERIOD_STATE_OPEN
_CLOSED = periods_pb2.DIMONA_PERIOD_STATE_CLOSED
_CANCELLED = periods_pb2.DIMONA_PERIOD_STATE_CANCELLED


def period(
    found: DimonaPeriod, registrations: Iterable[Registration] = ()
) -> periods_pb2.DimonaPeriod:
    """A period with those of the registrations that are its own and stand."""
    return periods_pb2.DimonaPeriod(
        dimona_period_id=found.id,
        ssin=found.ssin,
        employer=found.employer,
        period=periods.to_wire(found.days),
        starting_hour=found.starting_hour,
        ending_hour=found.ending_hour,
        planned_hours=found.planned_hours,
        worker_type=found.worker_type,
        joint_commission=found.joint_commission,
        state=_CANCELLED if found.cancelled else _OPEN if found.is_open else _CLOSED,
        locked=found.locked,
        delay=found.delay,
        registrations=[
            _registration(one)
            for one in registrations
            if one.period_id == found.id and not one.cancelled
        ],
    )


def version(one: Version) -> periods_pb2.DimonaPeriodVersion:
    return periods_pb2.DimonaPeriodVersion(
        period=period(one.period),
        ticket=one.ticket,
        recorded_from=clock.rfc3339(one.recorded_from),
        recorded_to=clock.rfc3339(one.recorded_to) if one.recorded_to else "",
    )


def relation(found: Relation, registrations: Iterable[Registration]) -> periods_pb2.Relation:
    of_worker = [one for one in registrations if one.ssin == found.ssin]
    told = periods_pb2.Relation(
        ssin=found.ssin,
        employer=found.employer,
        state=_CANCELLED,
        periods=[period(one, of_worker) for one in found.periods],
    )
    if found.standing:
        begin = min(one.days.begin for one in found.standing)
        end = max(one.days.end for one in found.standing)
        told.period.CopyFrom(periods.to_wire(Period(begin, end)))
        told.state = _OPEN if any(one.is_open for one in found.standing) else _CLOSED
    return told


def waiting(declaration: Declaration) -> periods_pb2.WaitingDeclaration:
    form = dimona_pb2.DimonaForm.FromString(declaration.form)
    return periods_pb2.WaitingDeclaration(
        ticket=declaration.ticket,
        received_at=clock.rfc3339(declaration.received_at),
        employer=declaration.employer,
        person=form.dimona_in.natural_person,
    )


def _registration(one: Registration) -> periods_pb2.DailyRegistration:
    return periods_pb2.DailyRegistration(
        daily_registration_id=one.id,
        starting_date=one.begin.isoformat(),
        starting_hour=one.starting_hour,
        ending_date=one.last_day.isoformat(),
        ending_hour=one.ending_hour,
    )
