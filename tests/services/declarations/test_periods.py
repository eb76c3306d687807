"""Periods and relations as served: history, locks, registered days, persons who wait or change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
import pytest
from crossroads.declarations.v1 import declarations_pb2, periods_pb2
from sqlalchemy.ext.asyncio import AsyncEngine

from mesh.outbox import Worker as OutboxWorker
from services.declarations.telling import INTEGRATE_AND_PUBLISH, Telling
from tests.services.declarations.served import Served, refused

BREWERY, BAKERY = "employer/0400000185", "employer/0400000284"
LINA, BIS, OPERATOR = "91041241894", "91441200115", "operator/lead"
OPEN = periods_pb2.DIMONA_PERIOD_STATE_OPEN
CLOSED = periods_pb2.DIMONA_PERIOD_STATE_CLOSED
CANCELLED = periods_pb2.DIMONA_PERIOD_STATE_CANCELLED
ACCEPTED = declarations_pb2.DECLARATION_STATE_ACCEPTED
REFUSED = declarations_pb2.DECLARATION_STATE_REFUSED
WAITING = declarations_pb2.DECLARATION_STATE_WAITING
BY_NAME = {
    "natural_person": {
        "worker_name": "Peeters",
        "worker_first_name": "Lina",
        "worker_birthdate": "1991-04-12",
    }
}


def codes(declaration: declarations_pb2.Declaration) -> list[str]:
    """What refuses it; how late it is depends on the day of the test."""
    reports = declaration.notification.handling_result.anomaly_reports
    return [report.error_id for report in reports if report.anomaly_class == "B"]


async def test_a_period_is_told_as_it_is_and_as_it_was(
    service: Served, entry: Callable[..., Any], form: Callable[..., Any]
) -> None:
    entered = await service.declare(BREWERY, entry())
    number = entered.dimona_period_id
    out = form("dimona_out", dimona_period_id=number, ending_date="2026-11-30")
    await service.declare(BREWERY, out)
    again = form("dimona_update", dimona_period_id=number, ending_date="9999-12-31")
    await service.declare(BREWERY, again)
    await service.declare(BREWERY, form("dimona_cancel", dimona_period_id=number))
    stub = service.periods(BREWERY)
    found = await stub.GetPeriod(periods_pb2.GetPeriodRequest(dimona_period_id=number))
    states = [version.period.state for version in found.versions]
    assert states == [OPEN, CLOSED, OPEN, CANCELLED]
    assert found.period == found.versions[-1].period
    assert found.versions[0].ticket == entered.ticket
    for before, after in zip(found.versions, found.versions[1:], strict=False):
        assert before.recorded_to == after.recorded_from
    for count, version in enumerate(found.versions, 1):
        then = version.recorded_from
        ask = periods_pb2.GetPeriodRequest(dimona_period_id=number, known_at=then)
        known = await stub.GetPeriod(ask)
        assert (known.period, len(known.versions)) == (version.period, count)
        [listed] = (await stub.ListPeriods(periods_pb2.ListPeriodsRequest(known_at=then))).periods
        assert listed == version.period
        [relation] = (
            await stub.ListRelations(periods_pb2.ListRelationsRequest(known_at=then))
        ).relations
        assert relation.state == version.period.state
    theirs = service.periods(BAKERY).GetPeriod(
        periods_pb2.GetPeriodRequest(dimona_period_id=number)
    )
    assert await refused(theirs) == (grpc.StatusCode.NOT_FOUND, "PERIOD_NOT_FOUND")


async def test_a_relation_holds_the_periods_of_one_worker(
    service: Served, outside: Any, entry: Callable[..., Any], form: Callable[..., Any]
) -> None:
    outside.known.add(BIS)
    await service.declare(BREWERY, entry(ending_date="2026-11-20"))
    await service.declare(BREWERY, entry(inss=BIS))
    await service.declare(BREWERY, entry(starting_date="2026-12-01", ending_date="2026-12-31"))
    stub = service.periods(BREWERY)
    first = await stub.ListRelations(periods_pb2.ListRelationsRequest(page_size=1))
    second = await stub.ListRelations(
        periods_pb2.ListRelationsRequest(page_token=first.next_page_token)
    )
    [lina], [other] = first.relations, second.relations
    assert (lina.ssin, lina.state, len(lina.periods)) == (LINA, CLOSED, 2)
    assert (lina.period.begin, lina.period.end) == ("2026-11-16", "2027-01-01")
    assert (other.ssin, other.state, second.next_page_token) == (BIS, OPEN, "")
    one = await stub.ListPeriods(periods_pb2.ListPeriodsRequest(ssin=LINA, page_size=1))
    two = await stub.ListPeriods(
        periods_pb2.ListPeriodsRequest(ssin=LINA, page_token=one.next_page_token)
    )
    assert [p.ssin for p in [*one.periods, *two.periods]] == [LINA, LINA]
    on = await stub.ListPeriods(periods_pb2.ListPeriodsRequest(on="2026-11-25"))
    assert [p.ssin for p in on.periods] == [BIS]


async def test_a_locked_period_is_changed_by_nobody(
    service: Served, entry: Callable[..., Any], form: Callable[..., Any]
) -> None:
    number = (await service.declare(BREWERY, entry())).dimona_period_id
    operator = service.periods(OPERATOR)
    await operator.PutLock(periods_pb2.PutLockRequest(dimona_period_id=number, locked=True))
    cancel = form("dimona_cancel", dimona_period_id=number)
    kept = await service.declare(BREWERY, cancel)
    assert (kept.state, codes(kept)) == (REFUSED, ["00913-362"])
    await operator.PutLock(periods_pb2.PutLockRequest(dimona_period_id=number))
    assert (await service.declare(BREWERY, cancel)).state == ACCEPTED
    nothing = operator.PutLock(periods_pb2.PutLockRequest(dimona_period_id="0" * 12))
    assert await refused(nothing) == (grpc.StatusCode.NOT_FOUND, "PERIOD_NOT_FOUND")


async def test_a_worker_by_name_waits_until_she_is_identified(
    service: Served,
    outside: Any,
    entry: Callable[..., Any],
    engine: AsyncEngine,
    database: str,
) -> None:
    waiting = await service.declare(BREWERY, entry(**BY_NAME))
    assert (waiting.state, waiting.dimona_period_id) == (WAITING, "")
    assert waiting.notification.type_form == "PA"
    assert waiting.notification.handling_result.result_code == "2"
    operator = service.periods(OPERATOR)
    [asked] = (await operator.ListWaiting(periods_pb2.ListWaitingRequest())).declarations
    assert (asked.ticket, asked.person.worker_name) == (waiting.ticket, "Peeters")
    telling = Telling(outside, outside, outside)
    outbox = OutboxWorker(engine, database, telling.handlers)
    assert not await outbox.tell(INTEGRATE_AND_PUBLISH)
    who = periods_pb2.IdentifyWorkerRequest(ticket=waiting.ticket, ssin=LINA)
    await operator.IdentifyWorker(who)
    await service.handle()
    done = await service.declaration(BREWERY, waiting.ticket)
    assert (done.state, done.notification.type_form) == (ACCEPTED, "FA")
    assert done.notification.natural_person.inss == LINA
    assert await outbox.tell(INTEGRATE_AND_PUBLISH)
    assert [type(m).__name__ for m in outside.heard] == ["RegisterRequest", "PublishRequest"]
    assert await refused(operator.IdentifyWorker(who)) == (
        grpc.StatusCode.NOT_FOUND,
        "NOTHING_WAITS",
    )


async def test_a_worker_whom_nobody_knows_is_refused(
    service: Served, entry: Callable[..., Any]
) -> None:
    waiting = await service.declare(BREWERY, entry(**BY_NAME))
    operator = service.periods("institution/0/0")
    wrong = periods_pb2.IdentifyWorkerRequest(ticket=waiting.ticket, ssin="91041241895")
    assert (await refused(operator.IdentifyWorker(wrong)))[1] == "SSIN_CHECK_DIGIT"
    nobody = periods_pb2.IdentifyWorkerRequest(ticket=waiting.ticket, unidentifiable=True)
    await operator.IdentifyWorker(nobody)
    await service.handle()
    done = await service.declaration(BREWERY, waiting.ticket)
    assert (done.state, codes(done)) == (REFUSED, ["90017-151"])
    mine = service.periods(BREWERY).IdentifyWorker(nobody)
    assert await refused(mine) == (grpc.StatusCode.PERMISSION_DENIED, "NO_ACCESS")


async def test_the_history_follows_a_number_that_is_replaced(
    service: Served, outside: Any, entry: Callable[..., Any], form: Callable[..., Any]
) -> None:
    outside.known.add(BIS)
    number = (await service.declare(BREWERY, entry(inss=BIS))).dimona_period_id
    outside.replaced[BIS] = LINA
    late = await service.declare(BREWERY, entry(inss=BIS, starting_date="2026-11-20"))
    assert codes(late) == ["90373-334"]
    out = form("dimona_out", dimona_period_id=number, ending_date="2026-11-30", inss=BIS)
    left = await service.declare(BREWERY, out)
    assert (left.state, left.notification.natural_person.inss) == (ACCEPTED, LINA)
    stub = service.periods(BREWERY)
    for ssin in (BIS, LINA):
        [period] = (await stub.ListPeriods(periods_pb2.ListPeriodsRequest(ssin=ssin))).periods
        assert (period.ssin, period.dimona_period_id) == (LINA, number)
    found = await stub.GetPeriod(periods_pb2.GetPeriodRequest(dimona_period_id=number))
    assert len(found.versions) == 2


async def test_the_operator_says_that_a_number_is_replaced(
    service: Served, outside: Any, entry: Callable[..., Any]
) -> None:
    outside.known.add(BIS)
    await service.declare(BREWERY, entry(inss=BIS))
    operator = service.periods(OPERATOR)
    replace = periods_pb2.ReplaceWorkerRequest(ssin=BIS, replaced_by=LINA)
    assert (await operator.ReplaceWorker(replace)).moved == 1
    assert (await operator.ReplaceWorker(replace)).moved == 0
    again = await service.declare(BREWERY, entry(starting_date="2026-11-20"))
    assert codes(again) == ["90373-334"]
    back = periods_pb2.ReplaceWorkerRequest(ssin=LINA, replaced_by=BIS)
    assert (await refused(operator.ReplaceWorker(back)))[1] == "MALFORMED_REQUEST"


async def test_days_are_registered_changed_and_taken_back(
    service: Served, entry: Callable[..., Any], form: Callable[..., Any]
) -> None:
    flexible = entry(
        employer_id={"company_id": BAKERY.partition("/")[2]},
        dimona_features={"joint_commission_nbr": "302", "worker_type": "FLX"},
    )
    number = (await service.declare(BAKERY, flexible)).dimona_period_id
    day = {"starting_date": "2026-11-17", "ending_date": "2026-11-17"}
    hours = {"starting_hour": "1000", "ending_hour": "1800"}
    daily = "daily_registration_declaration"
    made = await service.declare(
        BAKERY, form(daily, attestation_status="0", dimona_period_id=number, **day, **hours)
    )
    impact = made.notification.handling_result.impact_report.daily_registration_dcl_impact_report
    assert (made.state, made.dimona_period_id) == (ACCEPTED, number)
    assert impact.daily_registration_after.ending_hour == "1800"
    its = impact.daily_registration_id
    change = form(daily, attestation_status="1", daily_registration_id=its, ending_hour="1900")
    assert (await service.declare(BAKERY, change)).state == ACCEPTED
    stub = service.periods(BAKERY)
    [period] = (await stub.ListPeriods(periods_pb2.ListPeriodsRequest())).periods
    [registered] = period.registrations
    assert (registered.daily_registration_id, registered.ending_hour) == (its, "1900")
    back = form(daily, attestation_status="3", daily_registration_id=its)
    assert (await service.declare(BAKERY, back)).state == ACCEPTED
    assert codes(await service.declare(BAKERY, back)) == ["01085-355"]
    [period] = (await stub.ListPeriods(periods_pb2.ListPeriodsRequest())).periods
    assert not period.registrations


async def test_every_anomaly_has_its_place(service: Served, entry: Callable[..., Any]) -> None:
    bad = entry(ending_date="2026-11-01", dimona_features={"joint_commission_nbr": "XXX"}, inss="1")
    refusal = await service.declare(BREWERY, bad, place="1,3")
    reports = refusal.notification.handling_result.anomaly_reports
    places = {r.error_id: r.anomaly_location.location for r in reports}
    assert places["00911-014"] == "1,3,7,2"
    assert all(place.startswith("1,") for place in places.values())
    assert refusal.has_anomalies


@pytest.mark.parametrize("known_at", ["yesterday", "2026-11-16", "2026-11-16T10:00:00"], ids=str)
async def test_a_moment_that_is_none_is_refused(service: Served, known_at: str) -> None:
    ask = periods_pb2.ListPeriodsRequest(known_at=known_at)
    assert (await refused(service.periods(BREWERY).ListPeriods(ask)))[1] == "MALFORMED_REQUEST"
