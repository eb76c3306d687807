"""An accountant declares for its clients, on the days of its mandate and no others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
import pytest
from crossroads.declarations.v1 import declarations_pb2, mandates_pb2, periods_pb2
from crossroads.ledger.v1 import ledger_pb2
from crossroads.types.v1 import types_pb2

from mesh import channels as mesh_channels
from mesh import identity
from mesh.outbox import Worker as OutboxWorker
from services.declarations.telling import LEDGER, Telling
from tests.services.declarations.served import Served, refused, submission

BREWERY, BAKERY, ACCOUNTANT, LINA = "0400000185", "0400000284", "0202239951", "91041241894"
NOBODY_S = (grpc.StatusCode.PERMISSION_DENIED, "NOT_THE_EMPLOYER")


def put(
    employer: str = BREWERY, mandatary: str = ACCOUNTANT, begin: str = "2020-01-01", end: str = ""
) -> mandates_pb2.PutMandateRequest:
    mandate = mandates_pb2.Mandate(
        employer=employer, mandatary=mandatary, period=types_pb2.Period(begin=begin, end=end)
    )
    return mandates_pb2.PutMandateRequest(mandate=mandate)


async def give(service: Served, **what: str) -> None:
    await service.mandates(f"employer/{what.get('employer', BREWERY)}").PutMandate(put(**what))


async def test_without_a_mandate_nobody_declares_for_another(
    service: Served, entry: Callable[..., Any]
) -> None:
    accountant = service.declarations(f"employer/{ACCOUNTANT}")
    assert await refused(accountant.SubmitDimona(submission(entry()))) == NOBODY_S
    await give(service)
    assert (await accountant.SubmitDimona(submission(entry()))).ticket


@pytest.mark.parametrize(
    ("begin", "end"), [("2020-01-01", "2020-12-31"), ("2999-01-01", "")], ids=str
)
async def test_a_mandate_holds_on_its_days_alone(
    service: Served, entry: Callable[..., Any], begin: str, end: str
) -> None:
    await give(service, begin=begin, end=end)
    accountant = service.declarations(f"employer/{ACCOUNTANT}")
    assert await refused(accountant.SubmitDimona(submission(entry()))) == NOBODY_S
    await give(service)
    assert (await accountant.SubmitDimona(submission(entry()))).ticket


async def test_what_a_mandatary_declares_is_the_employers(
    service: Served, outside: Any, entry: Callable[..., Any], form: Callable[..., Any]
) -> None:
    await give(service)
    accountant, brewery = f"employer/{ACCOUNTANT}", f"employer/{BREWERY}"
    entered = await service.declare(accountant, entry())
    assert (entered.employer, entered.declarant) == (BREWERY, ACCOUNTANT)
    assert entered.notification.employer_id.company_id == BREWERY
    seen = await service.declaration(brewery, entered.ticket)
    assert seen.dimona_period_id == entered.dimona_period_id
    [worker] = (
        await service.declarations(accountant).ListWorkers(
            declarations_pb2.ListWorkersRequest(employer=BREWERY)
        )
    ).workers
    assert worker.ssin == LINA
    out = form("dimona_out", dimona_period_id=entered.dimona_period_id, ending_date="2026-11-30")
    left = await service.declare(accountant, out)
    assert (left.employer, left.state) == (BREWERY, declarations_pb2.DECLARATION_STATE_ACCEPTED)
    own = await service.declarations(brewery).ListDeclarations(
        declarations_pb2.ListDeclarationsRequest()
    )
    assert [one.ticket for one in own.declarations] == [left.ticket, entered.ticket]


async def test_the_ledger_says_who_declared_for_whom(
    service: Served, outside: Any, entry: Callable[..., Any], engine: Any, database: str
) -> None:
    await give(service)
    gateway = service.declarations("service/gateway")
    on_behalf = mesh_channels.on_behalf_of(identity.parse(f"employer/{ACCOUNTANT}"))
    await gateway.SubmitDimona(submission(entry()), metadata=on_behalf)
    await service.handle()
    outbox = OutboxWorker(engine, database, Telling(outside, outside, outside).handlers)
    await outbox.tell(LEDGER)
    _, line = [m for m in outside.heard if isinstance(m, ledger_pb2.Entry)]
    assert line.caller == "service/gateway"
    assert list(line.chain) == [
        f"employer/{BREWERY}",
        f"employer/{ACCOUNTANT}",
        "service/gateway",
    ]


async def test_a_mandate_and_a_lock_stand_in_the_ledger(
    service: Served,
    outside: Any,
    entry: Callable[..., Any],
    engine: Any,
    database: str,
) -> None:
    given = await service.mandates(f"employer/{BREWERY}").PutMandate(put())
    entered = await service.declare(f"employer/{BREWERY}", entry())
    operator = service.periods("operator/lead")
    locked = await operator.PutLock(
        periods_pb2.PutLockRequest(dimona_period_id=entered.dimona_period_id, locked=True)
    )
    outbox = OutboxWorker(engine, database, Telling(outside, outside, outside).handlers)
    while await outbox.tell(LEDGER):
        pass
    lines = {m.entry_id: m for m in outside.heard if isinstance(m, ledger_pb2.Entry)}
    mandate, lock = lines[f"{given.ticket}/mandate"], lines[f"{locked.ticket}/lock"]
    assert (mandate.caller, mandate.ssin) == (f"employer/{BREWERY}", "")
    assert mandates_pb2.PutMandateRequest.FromString(mandate.content) == put()
    assert (lock.caller, lock.ssin) == ("operator/lead", LINA)


async def test_the_same_request_id_of_two_declarants_is_two_requests(
    service: Served, entry: Callable[..., Any]
) -> None:
    await give(service)
    own = service.declarations(f"employer/{BREWERY}")
    accountant = service.declarations(f"employer/{ACCOUNTANT}")
    one = await own.SubmitDimona(submission(entry()))
    other = await accountant.SubmitDimona(submission(entry(starting_date="2026-11-17")))
    assert one.ticket != other.ticket


async def test_a_client_is_not_open_to_another_client(service: Served) -> None:
    await give(service)
    await give(service, employer=BAKERY)
    bakery = f"employer/{BAKERY}"
    for call in (
        service.declarations(bakery).ListWorkers(
            declarations_pb2.ListWorkersRequest(employer=BREWERY)
        ),
        service.declarations(bakery).ListDeclarations(
            declarations_pb2.ListDeclarationsRequest(employer=BREWERY)
        ),
        service.periods(bakery).ListPeriods(periods_pb2.ListPeriodsRequest(employer=BREWERY)),
        service.periods(bakery).ListRelations(periods_pb2.ListRelationsRequest(employer=BREWERY)),
        service.periods(bakery).GetPeriod(
            periods_pb2.GetPeriodRequest(employer=BREWERY, dimona_period_id="0" * 12)
        ),
    ):
        assert await refused(call) == NOBODY_S


async def test_mandates_are_listed_to_both_sides_and_as_known_then(service: Served) -> None:
    await give(service)
    await give(service, employer=BAKERY)
    accountant = service.mandates(f"employer/{ACCOUNTANT}")
    first = await accountant.ListMandates(mandates_pb2.ListMandatesRequest(page_size=1))
    rest = await accountant.ListMandates(
        mandates_pb2.ListMandatesRequest(page_token=first.next_page_token)
    )
    assert [m.employer for m in [*first.mandates, *rest.mandates]] == [BREWERY, BAKERY]
    then = rest.mandates[0].recorded_at
    await give(service, employer=BAKERY, end="2021-01-01")
    bakery = service.mandates(f"employer/{BAKERY}")
    [now] = (await bakery.ListMandates(mandates_pb2.ListMandatesRequest())).mandates
    ask = mandates_pb2.ListMandatesRequest(known_at=then)
    [before] = (await bakery.ListMandates(ask)).mandates
    assert (before.period.end, now.period.end) == ("", "2021-01-01")


async def test_only_the_employer_and_the_operator_give_its_mandates(service: Served) -> None:
    accountant = service.mandates(f"employer/{ACCOUNTANT}")
    not_yours = (grpc.StatusCode.PERMISSION_DENIED, "MANDATE_NOT_YOURS")
    assert await refused(accountant.PutMandate(put())) == not_yours
    theirs = mandates_pb2.ListMandatesRequest(enterprise=BREWERY)
    assert await refused(accountant.ListMandates(theirs)) == not_yours
    operator = service.mandates("operator/lead")
    assert (await operator.PutMandate(put())).mandate.mandatary == ACCOUNTANT
    assert len((await operator.ListMandates(theirs)).mandates) == 1


@pytest.mark.parametrize(
    "bad",
    [
        put(mandatary=BREWERY),
        put(mandatary="0400000186"),
        put(begin="2026-02-30"),
        put(begin="2026-02-02", end="2026-02-01"),
    ],
    ids=["for itself", "wrong check digits", "no day", "reversed"],
)
async def test_a_mandate_that_is_none_is_refused(
    service: Served, bad: mandates_pb2.PutMandateRequest
) -> None:
    brewery = service.mandates(f"employer/{BREWERY}")
    assert (await refused(brewery.PutMandate(bad)))[1] == "MALFORMED_REQUEST"
