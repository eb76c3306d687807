"""Social risks and careers over real gRPC with mutual TLS."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any

import grpc
import pytest
from crossroads.attestations.v1 import risks_pb2 as attested
from crossroads.declarations.v1 import declarations_pb2, risks_pb2, risks_pb2_grpc
from crossroads.forms.v1 import social_risk_pb2
from crossroads.router.v1 import exchange_pb2, supplier_pb2, supplier_pb2_grpc
from crossroads.types.v1 import types_pb2
from sqlalchemy.ext.asyncio import AsyncEngine

from console.authority import Authority
from mesh import refusals
from mesh.channels import Channels
from mesh.server import Server
from mesh.settings import Settings
from services.declarations import servicer as served
from services.declarations.handled import Handled
from services.declarations.risks.quarters import DmfaQuarters
from services.declarations.risks.servicer import Servicer
from services.declarations.risks.supply import Supply
from services.declarations.risks.worker import Worker
from services.declarations.supplier import Supplier
from tests.services.declarations.risks.forms import BREWERY, LINA, incapacity, quarter, resumption
from tests.services.declarations.risks.test_worker import Register

BAKERY, ACCOUNTANT, DIGEST = "0400000284", "0202239951", b"d" * 32
refusals.load(Path(served.__file__).with_name("texts.yaml"))


class Served:
    """The service on a port, and stubs for any identity."""

    def __init__(self, authority: Authority, worker: Worker, handled: Handled) -> None:
        self._authority = authority
        self._worker = worker
        self._handled = handled
        self.address = ""
        self.open: list[Channels] = []

    def channel(self, path: str, ssin: str = "") -> Any:
        tls = self._authority.issue(path, ssin=ssin) if ssin else self._authority.issue(path)
        self.open.append(Channels(Settings(name="test", tls=tls)))
        return self.open[-1].open(self.address, "declarations")

    def risks(self, path: str, ssin: str = "") -> risks_pb2_grpc.RisksStub:
        return risks_pb2_grpc.RisksStub(self.channel(path, ssin))

    async def handle(self) -> None:
        while await self._worker.handle():
            pass
        self._handled.ring()


@pytest.fixture
async def service(
    engine: AsyncEngine, database: str, authority: Authority
) -> AsyncIterator[Served]:
    handled, quarters = Handled(database), DmfaQuarters()
    service = Served(authority, Worker(engine, database, Register(), quarters), handled)
    tls = authority.issue("service/declarations", names=["declarations", "12-0.institution"])
    server = Server(Settings(name="declarations", tls=tls, grace_s=0.1))
    servicer = Servicer(engine, handled, Supply(quarters))
    server.mount(risks_pb2_grpc.add_RisksServicer_to_server, servicer)
    server.mount(supplier_pb2_grpc.add_SupplierServicer_to_server, Supplier(engine))
    service.address = f"127.0.0.1:{await server.start()}"
    yield service
    for channels in service.open:
        await channels.close()
    await server.stop()


def submission(
    form: social_risk_pb2.SocialRiskForm, request_id: str = "request-1"
) -> risks_pb2.SubmitRiskRequest:
    return risks_pb2.SubmitRiskRequest(request_id=request_id, form=form)


def on_paper(form: social_risk_pb2.SocialRiskForm) -> risks_pb2.SubmitPaperRiskRequest:
    return risks_pb2.SubmitPaperRiskRequest(
        request_id="request-1", form=form, image_digest=DIGEST, received_on="2026-11-14"
    )


async def refused(call: Awaitable[object]) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    refusal = refusals.of_error(caught.value)
    return refusal.code, refusal.reason


async def test_receipt_then_notification_then_the_risk(service: Served) -> None:
    brewery = service.risks(f"employer/{BREWERY}")
    ahead = [quarter("20264", {"1": 2500}, {"1": 400_000})]
    receipt = await brewery.SubmitRisk(submission(incapacity(quarters=ahead)))
    ask = risks_pb2.GetRiskRequest(ticket=receipt.ticket)
    before = await brewery.GetRisk(ask)
    assert before.state == declarations_pb2.DECLARATION_STATE_RECEIVED
    assert not before.HasField("risk")
    await service.handle()
    after = await brewery.GetRisk(ask)
    assert after.state == declarations_pb2.DECLARATION_STATE_ACCEPTED
    assert after.risk.state == risks_pb2.RISK_STATE_INTRODUCED
    assert after.risk.attestation.number == receipt.ticket
    assert [(q.quarter, q.source) for q in after.risk.attestation.quarters] == [
        ("20263", "MISSING"),
        ("20264", "ANTICIPATED"),
    ]
    assert [(i.sector, i.number) for i in after.risk.recipients] == [(11, 0), (11, 1)]


async def test_sent_again_gives_the_same_receipt(service: Served) -> None:
    brewery = service.risks(f"employer/{BREWERY}")
    first = await brewery.SubmitRisk(submission(incapacity()))
    assert await brewery.SubmitRisk(submission(incapacity())) == first
    assert await refused(brewery.SubmitRisk(submission(incapacity("2026-11-09")))) == (
        grpc.StatusCode.ALREADY_EXISTS,
        "REQUEST_ID_REUSED",
    )


async def test_nobody_declares_for_another_employer(service: Served) -> None:
    bakery = service.risks(f"employer/{BAKERY}")
    assert await refused(bakery.SubmitRisk(submission(incapacity()))) == (
        grpc.StatusCode.PERMISSION_DENIED,
        "NOT_THE_EMPLOYER",
    )


async def test_a_mandatary_declares_and_closes_the_risks_of_its_client(
    service: Served, mandate: Callable[..., Any]
) -> None:
    accountant, brewery = (service.risks(f"employer/{e}") for e in (ACCOUNTANT, BREWERY))
    ahead = [quarter(q, {"1": 2500}, {"1": 400_000}) for q in ("20263", "20264")]
    form = incapacity(quarters=ahead)
    nobody_s = (grpc.StatusCode.PERMISSION_DENIED, "NOT_THE_EMPLOYER")
    assert await refused(accountant.SubmitRisk(submission(form))) == nobody_s
    await mandate(ACCOUNTANT, date(2021, 1, 1))
    assert await refused(accountant.SubmitRisk(submission(form))) == nobody_s
    await mandate(ACCOUNTANT)
    number = (await accountant.SubmitRisk(submission(form))).ticket
    await service.handle()
    close = risks_pb2.FinaliseRiskRequest(request_id="request-2", number=number)
    closed = await accountant.FinaliseRisk(close)
    await service.handle()
    for stub in (accountant, brewery):
        found = await stub.GetRisk(risks_pb2.GetRiskRequest(ticket=closed.ticket))
        assert found.risk.state == risks_pb2.RISK_STATE_FINALISED
        assert found.notification.employer_id.company_id == BREWERY
    of_client = risks_pb2.ListRisksRequest(employer=BREWERY)
    [listed] = (await accountant.ListRisks(of_client)).risks
    assert listed.attestation.number == number
    assert not (await accountant.ListRisks(risks_pb2.ListRisksRequest())).risks
    career = risks_pb2.ListCareerRequest(ssin=LINA, employer=BREWERY)
    assert (await accountant.ListCareer(career)).career.events
    bakery = service.risks(f"employer/{BAKERY}")
    assert await refused(bakery.ListRisks(of_client)) == nobody_s
    assert await refused(bakery.ListCareer(career)) == nobody_s


async def test_without_a_mandate_the_risk_of_another_is_none(
    service: Served, mandate: Callable[..., Any]
) -> None:
    brewery, bakery = (service.risks(f"employer/{e}") for e in (BREWERY, BAKERY))
    number = (await brewery.SubmitRisk(submission(incapacity()))).ticket
    await service.handle()
    gone = await bakery.CancelRisk(
        risks_pb2.CancelRiskRequest(request_id="request-2", number=number)
    )
    await service.handle()
    found = await bakery.GetRisk(risks_pb2.GetRiskRequest(ticket=gone.ticket))
    assert found.state == declarations_pb2.DECLARATION_STATE_REFUSED
    ask = risks_pb2.GetRiskRequest(ticket=number)
    assert (await brewery.GetRisk(ask)).risk.state == risks_pb2.RISK_STATE_INTRODUCED


async def test_nobody_sees_the_declaration_of_another(service: Served) -> None:
    brewery = service.risks(f"employer/{BREWERY}")
    receipt = await brewery.SubmitRisk(submission(incapacity()))
    await service.handle()
    ask = risks_pb2.GetRiskRequest(ticket=receipt.ticket)
    for path in (f"employer/{BAKERY}", "institution/11/1"):
        assert await refused(service.risks(path).GetRisk(ask)) == (
            grpc.StatusCode.NOT_FOUND,
            "DECLARATION_NOT_FOUND",
        )
    listed = await service.risks(f"employer/{BAKERY}").ListRisks(risks_pb2.ListRisksRequest())
    assert list(listed.risks) == []


async def test_paper_is_keyed_in_by_the_institution_of_the_branch(service: Served) -> None:
    fund = service.risks("institution/11/1")
    receipt = await fund.SubmitPaperRisk(on_paper(incapacity()))
    await service.handle()
    found = await fund.GetRisk(risks_pb2.GetRiskRequest(ticket=receipt.ticket))
    assert found.channel == declarations_pb2.CHANNEL_PAPER
    assert found.image_digest == DIGEST
    assert found.risk.attestation.on_paper
    payer = service.risks("institution/18/1")
    assert await refused(payer.SubmitPaperRisk(on_paper(incapacity()))) == (
        grpc.StatusCode.PERMISSION_DENIED,
        "NOT_YOUR_BRANCH",
    )
    brewery = service.risks(f"employer/{BREWERY}")
    assert (await refused(brewery.SubmitPaperRisk(on_paper(incapacity()))))[1] == "NO_ACCESS"
    wrong = on_paper(incapacity())
    wrong.received_on = "2026-02-30"
    assert (await refused(fund.SubmitPaperRisk(wrong)))[1] == "MALFORMED_REQUEST"


async def test_finalised_then_taken_back(service: Served) -> None:
    brewery = service.risks(f"employer/{BREWERY}")
    ahead = [quarter(q, {"1": 2500}, {"1": 400_000}) for q in ("20263", "20264")]
    number = (await brewery.SubmitRisk(submission(incapacity(quarters=ahead)))).ticket
    await service.handle()
    final = await brewery.FinaliseRisk(
        risks_pb2.FinaliseRiskRequest(request_id="request-2", number=number)
    )
    await service.handle()
    found = await brewery.GetRisk(risks_pb2.GetRiskRequest(ticket=final.ticket))
    assert found.risk.state == risks_pb2.RISK_STATE_FINALISED
    gone = await brewery.CancelRisk(
        risks_pb2.CancelRiskRequest(request_id="request-3", number=number)
    )
    await service.handle()
    ask = risks_pb2.GetRiskRequest(ticket=gone.ticket)
    assert (await brewery.GetRisk(ask)).risk.state == risks_pb2.RISK_STATE_CANCELLED
    ask.known_at = found.risk.recorded_at
    assert (await brewery.GetRisk(ask)).risk.state == risks_pb2.RISK_STATE_FINALISED
    ask.known_at = "yesterday"
    assert (await refused(brewery.GetRisk(ask)))[1] == "MALFORMED_REQUEST"


async def test_risks_come_in_pages(service: Served) -> None:
    brewery = service.risks(f"employer/{BREWERY}")
    for day in (9, 10, 11):
        form = incapacity(f"2026-11-{day:02d}")
        await brewery.SubmitRisk(submission(form, f"request-{day}"))
    await service.handle()
    for stub in (brewery, service.risks("citizen/lina", LINA)):
        ask, seen = risks_pb2.ListRisksRequest(page_size=2), list[str]()
        while True:
            page = await stub.ListRisks(ask)
            seen += [risk.attestation.number for risk in page.risks]
            ask.page_token = page.next_page_token
            if not ask.page_token:
                break
        assert len(seen) == 3
        assert seen == sorted(set(seen), reverse=True)


async def test_a_career_is_for_whom_it_concerns(service: Served) -> None:
    brewery = service.risks(f"employer/{BREWERY}")
    await brewery.SubmitRisk(submission(incapacity(), "request-1"))
    await brewery.SubmitRisk(submission(resumption(), "request-2"))
    await service.handle()
    lina, bakery = service.risks("citizen/lina", LINA), service.risks(f"employer/{BAKERY}")
    own = await lina.ListCareer(risks_pb2.ListCareerRequest())
    assert [event.kind for event in own.career.events] == ["FALLS_ILL", "RESUMES_WORK"]
    ask = risks_pb2.ListCareerRequest(ssin=LINA)
    assert (await brewery.ListCareer(ask)).career == own.career
    assert list((await bakery.ListCareer(ask)).career.events) == []
    other = risks_pb2.ListCareerRequest(ssin="84031721194")
    assert await refused(lina.ListCareer(other)) == (
        grpc.StatusCode.PERMISSION_DENIED,
        "NOT_YOUR_CAREER",
    )
    fund = service.risks("institution/11/1")
    assert (await refused(fund.ListCareer(ask)))[1] == "NO_ACCESS"


async def test_the_bank_is_supplied_with_what_stands(service: Served) -> None:
    brewery = service.risks(f"employer/{BREWERY}")
    receipt = await brewery.SubmitRisk(submission(incapacity()))
    await service.handle()
    router = supplier_pb2_grpc.SupplierStub(service.channel("service/router"))
    year = types_pb2.Period(begin="2026-01-01", end="2027-01-01")
    before = types_pb2.Period(begin="2025-01-01", end="2026-01-01")
    sorts = ("incapacity_risk", "work_career", "unemployment_risk", "incapacity_risk")
    questions = [
        supplier_pb2.Question(
            ticket="T" * 15,
            ssin=LINA,
            data_sort=sort,
            holder=types_pb2.Institution(sector=12),
            period=before if place == 3 else year,
        )
        for place, sort in enumerate(sorts)
    ]
    answers = (await router.Supply(supplier_pb2.SupplyRequest(questions=questions))).answers
    assert [answer.status for answer in answers] == [
        exchange_pb2.ANSWER_STATUS_OK,
        exchange_pb2.ANSWER_STATUS_OK,
        exchange_pb2.ANSWER_STATUS_NO_DATA,
        exchange_pb2.ANSWER_STATUS_NO_DATA,
    ]
    risk, career = attested.SocialRisk(), attested.WorkCareer()
    assert answers[0].attestations[0].Unpack(risk)
    assert answers[1].attestations[0].Unpack(career)
    assert risk.number == receipt.ticket
    assert [event.kind for event in career.events] == ["FALLS_ILL"]
