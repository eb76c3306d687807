"""The intake over real gRPC with mutual TLS."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from crossroads.attestations.v1 import attestations_pb2
from crossroads.declarations.v1 import declarations_pb2
from crossroads.router.v1 import exchange_pb2, supplier_pb2
from crossroads.types.v1 import types_pb2

from mesh import channels as mesh_channels
from mesh import identity
from tests.services.declarations.served import Served, refused, submission

BREWERY, BAKERY, LINA = "0400000185", "0400000284", "91041241894"


async def test_receipt_then_notification(service: Served, entry: Callable[..., Any]) -> None:
    brewery = service.declarations(f"employer/{BREWERY}")
    receipt = await brewery.SubmitDimona(submission(entry()))
    ask = declarations_pb2.GetDeclarationRequest(ticket=receipt.ticket)
    before = (await brewery.GetDeclaration(ask)).declaration
    assert before.state == declarations_pb2.DECLARATION_STATE_RECEIVED
    ask.wait_ms = 10_000
    waiting: Any = asyncio.ensure_future(brewery.GetDeclaration(ask))
    await service.handle()
    after = (await waiting).declaration
    assert after.state == declarations_pb2.DECLARATION_STATE_ACCEPTED
    assert after.notification.handled_reference.reference_nbr == receipt.ticket
    assert after.form == entry()
    assert len(after.dimona_period_id) == 12


async def test_a_notification_that_does_not_come_is_not_waited_for_longer(
    service: Served, entry: Callable[..., Any]
) -> None:
    brewery = service.declarations(f"employer/{BREWERY}")
    receipt = await brewery.SubmitDimona(submission(entry()))
    ask = declarations_pb2.GetDeclarationRequest(ticket=receipt.ticket, wait_ms=50)
    found = (await brewery.GetDeclaration(ask)).declaration
    assert found.state == declarations_pb2.DECLARATION_STATE_RECEIVED
    assert not found.HasField("notification")


async def test_sent_again_gives_the_same_receipt(
    service: Served, entry: Callable[..., Any]
) -> None:
    brewery = service.declarations(f"employer/{BREWERY}")
    receipts = await asyncio.gather(*(brewery.SubmitDimona(submission(entry())) for _ in range(5)))
    assert len({receipt.ticket for receipt in receipts}) == 1
    other = submission(entry(starting_date="2026-11-17"))
    assert await refused(brewery.SubmitDimona(other)) == (
        grpc.StatusCode.ALREADY_EXISTS,
        "REQUEST_ID_REUSED",
    )


@pytest.mark.parametrize(
    "employer_id",
    [
        {"company_id": BREWERY},
        {"company_id": BREWERY[1:]},
        {"noss_registration_nbr": "123456749"},
        {"noss_registration_nbr": "123456749", "company_id": BREWERY},
        {"noss_registration_nbr": "123456789"},
    ],
    ids=str,
)
async def test_an_employer_is_itself_by_any_number(
    service: Served, entry: Callable[..., Any], employer_id: dict[str, str]
) -> None:
    brewery = service.declarations(f"employer/{BREWERY}")
    assert (await brewery.SubmitDimona(submission(entry(employer_id=employer_id)))).ticket


@pytest.mark.parametrize(
    "employer_id",
    [
        {"company_id": BAKERY},
        {"noss_registration_nbr": "123456846"},
        {"noss_registration_nbr": "123456846", "company_id": BREWERY},
        {"noss_registration_nbr": "100006"},
    ],
    ids=str,
)
async def test_nobody_declares_for_another_employer(
    service: Served, entry: Callable[..., Any], employer_id: dict[str, str]
) -> None:
    brewery = service.declarations(f"employer/{BREWERY}")
    sent = submission(entry(employer_id=employer_id))
    assert await refused(brewery.SubmitDimona(sent)) == (
        grpc.StatusCode.PERMISSION_DENIED,
        "NOT_THE_EMPLOYER",
    )
    listed = await brewery.ListDeclarations(declarations_pb2.ListDeclarationsRequest())
    assert list(listed.declarations) == []


async def test_a_declaration_is_its_employers_alone(
    service: Served, entry: Callable[..., Any]
) -> None:
    brewery = service.declarations(f"employer/{BREWERY}")
    receipt = await brewery.SubmitDimona(submission(entry()))
    await service.handle()
    bakery = service.declarations(f"employer/{BAKERY}")
    ask = declarations_pb2.GetDeclarationRequest(ticket=receipt.ticket)
    assert await refused(bakery.GetDeclaration(ask)) == (
        grpc.StatusCode.NOT_FOUND,
        "DECLARATION_NOT_FOUND",
    )
    nobody = await bakery.ListWorkers(declarations_pb2.ListWorkersRequest())
    assert list(nobody.workers) == []


async def test_the_gateway_speaks_for_an_employer(
    service: Served, entry: Callable[..., Any]
) -> None:
    gateway = service.declarations("service/gateway")
    on_behalf = mesh_channels.on_behalf_of(identity.parse(f"employer/{BREWERY}"))
    receipt = await gateway.SubmitDimona(submission(entry()), metadata=on_behalf)
    ask = declarations_pb2.GetDeclarationRequest(ticket=receipt.ticket)
    assert (await gateway.GetDeclaration(ask, metadata=on_behalf)).declaration.ticket
    assert await refused(gateway.SubmitDimona(submission(entry()))) == (
        grpc.StatusCode.PERMISSION_DENIED,
        "NO_ACCESS",
    )


async def test_an_institution_does_not_declare(service: Served, entry: Callable[..., Any]) -> None:
    centre = service.declarations("institution/17/1")
    code, _ = await refused(centre.SubmitDimona(submission(entry())))
    assert code is grpc.StatusCode.PERMISSION_DENIED


async def test_pages_of_declarations_and_workers(
    service: Served, entry: Callable[..., Any]
) -> None:
    brewery = service.declarations(f"employer/{BREWERY}")
    for number in range(3):
        await brewery.SubmitDimona(
            submission(entry(inss="" if number else LINA), f"request-{number}")
        )
    await service.handle()
    first = await brewery.ListDeclarations(declarations_pb2.ListDeclarationsRequest(page_size=2))
    rest = await brewery.ListDeclarations(
        declarations_pb2.ListDeclarationsRequest(page_size=2, page_token=first.next_page_token)
    )
    assert [len(first.declarations), len(rest.declarations), rest.next_page_token] == [2, 1, ""]
    day = declarations_pb2.ListWorkersRequest(on="2026-11-16")
    [worker] = (await brewery.ListWorkers(day)).workers
    assert (worker.ssin, worker.period.begin, worker.worker_type) == (LINA, "2026-11-16", "OTH")
    day.on = "2026-11-15"
    assert list((await brewery.ListWorkers(day)).workers) == []
    day.on = "2026-02-30"
    assert (await refused(brewery.ListWorkers(day)))[0] is grpc.StatusCode.INVALID_ARGUMENT
    bad = declarations_pb2.ListDeclarationsRequest(page_token="yesterday")
    assert (await refused(brewery.ListDeclarations(bad)))[0] is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_form_without_bounds_is_refused(service: Served, entry: Callable[..., Any]) -> None:
    brewery = service.declarations(f"employer/{BREWERY}")
    huge = entry(starting_date="1" * 200_000)
    assert (await refused(brewery.SubmitDimona(submission(huge))))[1] == "FORM_TOO_LARGE"


async def test_what_no_database_can_hold_is_refused_at_once(
    service: Served, entry: Callable[..., Any]
) -> None:
    brewery = service.declarations(f"employer/{BREWERY}")
    bad = submission(entry(), "request\x001")
    assert (await refused(brewery.SubmitDimona(bad)))[1] == "MALFORMED_REQUEST"
    bad = submission(entry())
    bad.anomalies.add(error_id="\x00", anomaly_class="B")
    assert (await refused(brewery.SubmitDimona(bad)))[1] == "MALFORMED_REQUEST"
    odd = declarations_pb2.ListWorkersRequest(page_token="\x00")
    assert (await refused(brewery.ListWorkers(odd)))[1] == "MALFORMED_REQUEST"
    odd_number = submission(entry(employer_id={"noss_registration_nbr": "12\x00"}))
    assert (await brewery.SubmitDimona(odd_number)).ticket


def question(begin: str, end: str, **other: Any) -> supplier_pb2.Question:
    whole: dict[str, Any] = {
        "ticket": "A" * 15,
        "ssin": LINA,
        "data_sort": "employment_period",
        "period": types_pb2.Period(begin=begin, end=end),
        "holder": types_pb2.Institution(sector=12, number=0),
    }
    return supplier_pb2.Question(**(whole | other))


async def test_the_bank_alone_is_supplied(
    service: Served, entry: Callable[..., Any], form: Callable[..., Any]
) -> None:
    brewery = service.declarations(f"employer/{BREWERY}")
    await brewery.SubmitDimona(submission(entry(starting_hour="0900")))
    await service.handle()
    asked = supplier_pb2.SupplyRequest(
        questions=[
            question("2026-11-01", "2026-12-01"),
            question("2026-11-01", "2026-11-16"),
            question("", "", ssin="84031721194"),
            question("", "", data_sort="wages_and_working_time"),
        ]
    )
    answers = (await service.supplier("service/router").Supply(asked)).answers
    ok, nothing = exchange_pb2.ANSWER_STATUS_OK, exchange_pb2.ANSWER_STATUS_NO_DATA
    assert [answer.status for answer in answers] == [ok, nothing, nothing, nothing]
    attested = attestations_pb2.EmploymentPeriod()
    assert answers[0].attestations[0].Unpack(attested)
    assert (attested.period.begin, attested.starting_hour) == ("2026-11-16", "0900")
    code, _ = await refused(service.supplier("institution/17/1").Supply(asked))
    assert code is grpc.StatusCode.PERMISSION_DENIED


async def test_what_is_cancelled_is_supplied_no_more(
    service: Served, entry: Callable[..., Any], form: Callable[..., Any]
) -> None:
    brewery = service.declarations(f"employer/{BREWERY}")
    receipt = await brewery.SubmitDimona(submission(entry()))
    await service.handle()
    ask = declarations_pb2.GetDeclarationRequest(ticket=receipt.ticket)
    period = (await brewery.GetDeclaration(ask)).declaration.dimona_period_id
    await brewery.SubmitDimona(
        submission(form("dimona_cancel", dimona_period_id=period), "cancel-1")
    )
    await service.handle()
    asked = supplier_pb2.SupplyRequest(questions=[question("", "")])
    [answer] = (await service.supplier("service/router").Supply(asked)).answers
    assert answer.status == exchange_pb2.ANSWER_STATUS_NO_DATA
