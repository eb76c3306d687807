"""The intake of quarters over real gRPC with mutual TLS."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import grpc
import pytest
from crossroads.attestations.v1 import attestations_pb2
from crossroads.declarations.v1 import declarations_pb2, dmfa_pb2, dmfa_pb2_grpc
from crossroads.forms.v1 import dmfa_update_pb2
from crossroads.router.v1 import exchange_pb2, supplier_pb2, supplier_pb2_grpc
from crossroads.types.v1 import types_pb2

from console.authority import Authority
from mesh import channels as mesh_channels
from mesh import clock, elements, identity, refusals
from mesh.channels import Channels
from mesh.server import Server
from mesh.settings import Settings
from services.declarations import servicer as served
from services.declarations.dmfa.intake import Intake
from services.declarations.dmfa.servicer import Servicer
from services.declarations.handled import Handled
from services.declarations.supplier import Supplier

BREWERY, BAKERY, ACCOUNTANT = "0400000185", "0400000284", "0202239951"
refusals.load(Path(served.__file__).with_name("texts.yaml"))


class Served:
    """The service on a port, and channels to it for any identity."""

    def __init__(self, authority: Authority, quarters: Any, handled: Handled) -> None:
        self.authority = authority
        self.quarters = quarters
        self.handled = handled
        self.address = ""
        self.open: list[Channels] = []

    def channel(self, path: str) -> Any:
        channels = Channels(Settings(name="test", tls=self.authority.issue(path)))
        self.open.append(channels)
        return channels.open(self.address, "declarations")

    def stub(self, employer: str = BREWERY) -> dmfa_pb2_grpc.DmfaStub:
        return dmfa_pb2_grpc.DmfaStub(self.channel(f"employer/{employer}"))

    async def handle(self) -> None:
        while await self.quarters.worker.handle():
            pass
        self.handled.ring()


@pytest.fixture
async def service(quarters: Any, database: str, authority: Authority) -> AsyncIterator[Served]:
    handled = Handled(database)
    service = Served(authority, quarters, handled)
    tls = authority.issue("service/declarations", names=["declarations"])
    server = Server(Settings(name="declarations", tls=tls, grace_s=0.1))
    server.mount(dmfa_pb2_grpc.add_DmfaServicer_to_server, Servicer(quarters.engine, handled))
    server.mount(supplier_pb2_grpc.add_SupplierServicer_to_server, Supplier(quarters.engine))
    service.address = f"127.0.0.1:{await server.start()}"
    yield service
    for channels in service.open:
        await channels.close()
    await server.stop()


def steps(
    whole: Any, request_id: str = "request-1", part: int = 2
) -> Iterator[dmfa_pb2.SubmitDmfaRequest]:
    for first in range(0, len(whole.persons), part):
        yield dmfa_pb2.SubmitDmfaRequest(
            part=dmfa_pb2.DmfaPart(persons=whole.persons[first : first + part])
        )
    closing = dmfa_pb2.DmfaClosing(
        request_id=request_id, channel=declarations_pb2.CHANNEL_GRPC, form=whole.form
    )
    yield dmfa_pb2.SubmitDmfaRequest(closing=closing)


async def refused(call: Awaitable[object]) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    refusal = refusals.of_error(caught.value)
    return refusal.code, refusal.reason


async def test_receipt_notification_identifiers_and_the_quarter(
    service: Served, declare: Callable[..., Any]
) -> None:
    brewery, whole = service.stub(), declare(5)
    receipt = await brewery.SubmitDmfa(steps(whole))
    ask = dmfa_pb2.GetDmfaRequest(ticket=receipt.ticket)
    before = (await brewery.GetDmfa(ask)).declaration
    assert before.state == declarations_pb2.DECLARATION_STATE_RECEIVED
    early = clock.rfc3339(clock.now())
    await service.handle()
    after = (await brewery.GetDmfa(ask)).declaration
    assert after.state == declarations_pb2.DECLARATION_STATE_ACCEPTED
    assert (after.workers, after.quarter, after.original) == (5, "20263", whole.form)
    assert after.notification.handled_reference.reference_nbr == receipt.ticket
    assert elements.anomalies(after.notification) == []
    page = await brewery.ListDmfaIdentifiers(
        dmfa_pb2.ListDmfaIdentifiersRequest(ticket=receipt.ticket, page_size=3)
    )
    rest = await brewery.ListDmfaIdentifiers(
        dmfa_pb2.ListDmfaIdentifiersRequest(
            ticket=receipt.ticket, page_size=3, page_token=page.next_page_token
        )
    )
    assert elements.anomalies(page.form) == []
    many = [len(p.form.id_employer_declaration.id_natural_persons) for p in (page, rest)]
    assert (many, rest.next_page_token) == ([3, 2], "")
    ask_quarter = dmfa_pb2.GetQuarterRequest(quarter="20263")
    assert len((await brewery.GetQuarter(ask_quarter)).workers) == 5
    ask_quarter.known_at = early
    assert list((await brewery.GetQuarter(ask_quarter)).workers) == []
    changes = await brewery.ListDmfaChanges(dmfa_pb2.ListDmfaChangesRequest(ticket=receipt.ticket))
    assert all(not one.HasField("before") for one in changes.changes)
    assert elements.anomalies(changes.notice) == []


async def test_sent_again_gives_the_same_receipt_and_leaves_no_parts(
    service: Served, declare: Callable[..., Any]
) -> None:
    brewery, whole = service.stub(), declare(4)
    one = await brewery.SubmitDmfa(steps(whole))
    two = await brewery.SubmitDmfa(steps(whole))
    assert one == two
    assert await service.quarters.count("dmfa_parts") == 2
    other = await refused(brewery.SubmitDmfa(steps(declare(3))))
    assert other == (grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")
    assert await service.quarters.count("dmfa_parts") == 2


async def test_nobody_declares_for_another_or_sees_it(
    service: Served, declare: Callable[..., Any]
) -> None:
    whole = declare(2)
    assert await refused(service.stub(BAKERY).SubmitDmfa(steps(whole))) == (
        grpc.StatusCode.PERMISSION_DENIED,
        "NOT_THE_EMPLOYER",
    )
    receipt = await service.stub().SubmitDmfa(steps(whole))
    ask = dmfa_pb2.GetDmfaRequest(ticket=receipt.ticket)
    assert (await refused(service.stub(BAKERY).GetDmfa(ask)))[1] == "DECLARATION_NOT_FOUND"
    await service.handle()
    quarter = dmfa_pb2.GetQuarterRequest(quarter="20263")
    assert list((await service.stub(BAKERY).GetQuarter(quarter)).workers) == []


async def test_a_mandatary_declares_the_quarter_of_its_client(
    service: Served, declare: Callable[..., Any], mandate: Callable[..., Any]
) -> None:
    accountant, brewery, whole = service.stub(ACCOUNTANT), service.stub(), declare(5)
    for ended in (None, date(2021, 1, 1)):
        if ended:
            await mandate(ACCOUNTANT, ended)
        assert await refused(accountant.SubmitDmfa(steps(whole))) == (
            grpc.StatusCode.PERMISSION_DENIED,
            "NOT_THE_EMPLOYER",
        )
    assert await service.quarters.count("dmfa_parts") == 0
    await mandate(ACCOUNTANT)
    receipt = await accountant.SubmitDmfa(steps(whole))
    assert receipt == await accountant.SubmitDmfa(steps(whole))
    assert receipt != await brewery.SubmitDmfa(steps(whole))
    await service.handle()
    ask = dmfa_pb2.GetDmfaRequest(ticket=receipt.ticket)
    for stub in (accountant, brewery):
        found = (await stub.GetDmfa(ask)).declaration
        assert found.state == declarations_pb2.DECLARATION_STATE_ACCEPTED
        assert found.notification.employer_id.company_id == BREWERY
    quarter = dmfa_pb2.GetQuarterRequest(quarter="20263", employer=BREWERY)
    assert len((await accountant.GetQuarter(quarter)).workers) == 5
    assert (await refused(service.stub(BAKERY).GetQuarter(quarter)))[1] == "NOT_THE_EMPLOYER"
    ids = dmfa_pb2.ListDmfaIdentifiersRequest(ticket=receipt.ticket)
    form = (await accountant.ListDmfaIdentifiers(ids)).form
    assert form.id_employer_declaration.company_id == BREWERY
    every = dmfa_pb2.ListDmfaRequest(employer=BREWERY, page_size=1)
    first = await accountant.ListDmfa(every)
    every.page_token = first.next_page_token
    rest = await accountant.ListDmfa(every)
    listed = [*first.declarations, *rest.declarations]
    assert [one.declarant for one in listed] == [BREWERY, ACCOUNTANT]
    assert (listed[1].ticket, rest.next_page_token) == (receipt.ticket, "")
    assert all(one.notification.identification == "NOTI001" for one in listed)
    assert not any(one.WhichOneof("declared") for one in listed)
    other = dmfa_pb2.ListDmfaRequest(quarter="20262")
    assert not (await brewery.ListDmfa(other)).declarations
    assert (await refused(service.stub(BAKERY).ListDmfa(every)))[1] == "NOT_THE_EMPLOYER"


async def test_a_mandatary_corrects_through_the_gateway(
    service: Served, declare: Callable[..., Any], mandate: Callable[..., Any]
) -> None:
    await mandate(ACCOUNTANT)
    gateway = dmfa_pb2_grpc.DmfaStub(service.channel("service/gateway"))
    on_behalf = mesh_channels.on_behalf_of(identity.parse(f"employer/{ACCOUNTANT}"))
    form = dmfa_update_pb2.DmfaUpdateForm()
    form.employer_declaration_update.company_id = BREWERY
    form.employer_declaration_update.quarter = "20263"
    request = dmfa_pb2.SubmitDmfaUpdateRequest(request_id="request-1", form=form)
    receipt = await gateway.SubmitDmfaUpdate(request, metadata=on_behalf)
    async with service.quarters.engine.connect() as connection:
        stored = await Intake(connection).submission(BREWERY, receipt.ticket)
    assert stored
    assert (stored.employer, stored.declarant) == (BREWERY, ACCOUNTANT)
    assert stored.chain == (f"employer/{BREWERY}", f"employer/{ACCOUNTANT}", "service/gateway")


async def test_steps_out_of_order_leave_nothing(
    service: Served, declare: Callable[..., Any]
) -> None:
    brewery = service.stub()
    right = list(steps(declare(4)))
    for wrong in (right[:-1], [*right, right[0]], [*right, right[-1]], []):
        code, reason = await refused(brewery.SubmitDmfa(iter(wrong)))
        assert (code, reason) == (grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED_REQUEST")
    assert await service.quarters.count("dmfa_parts") == 0


async def test_tokens_and_moments_that_are_none(service: Served) -> None:
    brewery = service.stub()
    odd = dmfa_pb2.GetQuarterRequest(quarter="20263", page_token="\x00")
    assert (await refused(brewery.GetQuarter(odd)))[1] == "MALFORMED_REQUEST"
    odd = dmfa_pb2.GetQuarterRequest(quarter="20263", known_at="yesterday")
    assert (await refused(brewery.GetQuarter(odd)))[1] == "MALFORMED_REQUEST"


async def test_wages_are_supplied_to_the_bank_alone(
    service: Served, declare: Callable[..., Any]
) -> None:
    whole = declare(2)
    await service.stub().SubmitDmfa(steps(whole))
    await service.handle()
    question = supplier_pb2.Question(
        ticket="A" * 15,
        ssin=str(whole.persons[0].inss),
        data_sort="wages_and_working_time",
        period=types_pb2.Period(begin="2026-09-30", end="2026-10-02"),
        holder=types_pb2.Institution(sector=12, number=0),
    )
    asked = supplier_pb2.SupplyRequest(questions=[question])
    bank = supplier_pb2_grpc.SupplierStub(service.channel("service/router"))
    [answer] = (await bank.Supply(asked)).answers
    assert answer.status == exchange_pb2.ANSWER_STATUS_OK
    attested = attestations_pb2.WagesAndWorkingTime()
    assert answer.attestations[0].Unpack(attested)
    assert (attested.quarter, attested.gross_wage_cents) == ("20263", 700_000)
    asked.questions[0].period.CopyFrom(types_pb2.Period(begin="2026-10-01", end="2026-10-02"))
    [answer] = (await bank.Supply(asked)).answers
    assert answer.status == exchange_pb2.ANSWER_STATUS_NO_DATA
    centre = supplier_pb2_grpc.SupplierStub(service.channel("institution/17/1"))
    assert (await refused(centre.Supply(asked)))[0] is grpc.StatusCode.PERMISSION_DENIED
